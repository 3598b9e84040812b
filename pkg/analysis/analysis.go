package analysis

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Version is the version of analysis.json. Fields are only ever added to it.
const Version = 1

// Analysis is the content of analysis.json. It holds no run id and no measured
// time of the machine that made it, so that two runs of one spec on recorded or
// virtual answers are equal byte for byte.
type Analysis struct {
	Version     int          `json:"version"`
	Name        string       `json:"name,omitempty"`
	SpecHash    string       `json:"spec_hash"`
	DatasetHash string       `json:"dataset_hash"`
	Seed        uint64       `json:"seed"`
	Alpha       float64      `json:"alpha"`
	Correction  string       `json:"correction"` // of the p values of one metric: holm
	Items       int          `json:"items"`
	Repeat      int          `json:"repeat"`
	Control     string       `json:"control"`
	Conditions  []Condition  `json:"conditions"`
	Comparisons []Comparison `json:"comparisons"`
	Hypothesis  *Hypothesis  `json:"hypothesis,omitempty"`
	Warnings    []string     `json:"warnings"`
}

// Condition is what was observed under one condition. Queries = Decided +
// Invalid + Failed + Unasked.
type Condition struct {
	Name    string `json:"name"`
	Queries int    `json:"queries"` // planned
	Decided int    `json:"decided"`
	Failed  int    `json:"failed"`  // no answer arrived
	Invalid int    `json:"invalid"` // answers arrived, none could be read
	Unasked int    `json:"unasked"` // no verdict: the run ended before
	Correct int    `json:"correct"`
	Tied    int    `json:"tied"` // the vote had no single winner
	// CostUSD is the sum of the known costs, and CostUnknown the number of
	// verdicts whose cost is not known.
	CostUSD     string            `json:"cost_usd"`
	CostUnknown int               `json:"cost_unknown"`
	Simulated   bool              `json:"simulated"` // at least one member is
	Recorded    bool              `json:"recorded"`  // at least one member is
	Metrics     map[string]Metric `json:"metrics"`
	// Hedging counts the copies of its calls; absent where it does not hedge.
	Hedging *Hedging `json:"hedging,omitempty"`
	// LatencyVoid is the number of answers whose latency says more of the calling
	// process than of the provider.
	LatencyVoid int `json:"latency_void,omitempty"`
	// Sensitivity is how far failed and unasked queries could move the
	// accuracy; absent where there are none.
	Sensitivity *Sensitivity `json:"sensitivity,omitempty"`
	Warnings    []string     `json:"warnings"`
}

// Metric is an estimate with its interval. A null estimate means that there was
// nothing to estimate it from, null bounds that no honest interval exists; the
// warnings say why.
type Metric struct {
	Estimate *float64 `json:"estimate"`
	N        int      `json:"n"` // observations
	Low      *float64 `json:"low"`
	High     *float64 `json:"high"`
	Level    float64  `json:"level"` // asked for
	// LevelAttained is the exact level of an interval between order statistics.
	LevelAttained *float64 `json:"level_attained,omitempty"`
	Method        string   `json:"method"`
	Unit          string   `json:"unit"` // share | usd | ms | score
	// Clusters is the number of items where repeats of an item are clusters.
	Clusters int `json:"clusters,omitempty"`
	// EffectiveN is the number of independent observations that clustered ones
	// are worth.
	EffectiveN *float64 `json:"effective_n,omitempty"`
	Warnings   []string `json:"warnings"`
}

// Sensitivity is the accuracy under the extreme readings of what is missing.
type Sensitivity struct {
	MissingWrong *float64 `json:"missing_wrong"` // all failed and unasked queries counted as wrong
	MissingRight *float64 `json:"missing_right"` // … as right
	LeftOut      *float64 `json:"left_out"`      // … left out: the accuracy that is reported
}

// Comparison is a difference, treatment minus control, over the pairs (item and
// repeat) that both have.
type Comparison struct {
	Metric    string   `json:"metric"`
	Treatment string   `json:"treatment"`
	Control   string   `json:"control"`
	Test      string   `json:"test"`
	Statistic *float64 `json:"statistic"`
	P         *float64 `json:"p"` // two-sided; null where no test was made
	PAdjusted *float64 `json:"p_adjusted"`
	// Family says over which p values PAdjusted is adjusted, and FamilySize how
	// many they are.
	Family     string  `json:"family"`
	FamilySize int     `json:"family_size"`
	Effect     Effect  `json:"effect"`
	NPairs     int     `json:"n_pairs"`
	Counts     *Counts `json:"counts,omitempty"`
	// Clusters is the number of items where repeats of an item are clusters.
	Clusters int `json:"clusters,omitempty"`
	// Replicates of the bootstrap, where there was one.
	Replicates int      `json:"replicates,omitempty"`
	Simulated  bool     `json:"simulated"`
	Warnings   []string `json:"warnings"`
}

// Effect is the size of a difference, in the unit of its metric.
type Effect struct {
	Name     string   `json:"name"`
	Estimate *float64 `json:"estimate"`
	Low      *float64 `json:"low"`
	High     *float64 `json:"high"`
	Level    float64  `json:"level"`
	Method   string   `json:"method"`
	Unit     string   `json:"unit"`
}

// Counts is the table of a comparison of shares.
type Counts struct {
	Both      int `json:"both"` // right under both
	Treatment int `json:"treatment_only"`
	Control   int `json:"control_only"`
	Neither   int `json:"neither"`
}

// The verdicts on a hypothesis. A two-sided one has no direction of its own: the
// verdict says in which direction the treatment differs, and the reader of the
// claim whether that is what it says.
const (
	// Higher and Lower: the test named in the spec is significant, and the
	// treatment has the higher or the lower value.
	Higher = "higher"
	Lower  = "lower"
	// NotShown: it is not significant. That is no evidence of equality.
	NotShown = "not_shown"
	// Untested: there were no pairs or no test.
	Untested = "untested"
)

// Hypothesis is the spec's own claim with what the run says about it. Its p
// value is adjusted in the family of its metric.
type Hypothesis struct {
	ID          string   `json:"id"`
	Claim       string   `json:"claim"`
	Metric      string   `json:"metric"`
	Treatment   string   `json:"treatment"`
	Control     string   `json:"control"`
	Alternative string   `json:"alternative"` // two-sided | greater | less
	P           *float64 `json:"p"`           // of the alternative
	PAdjusted   *float64 `json:"p_adjusted"`
	Verdict     string   `json:"verdict"`
}

// JSON is the canonical form: keys sorted, no insignificant space, floats as
// the shortest decimals that read back as the same value, no HTML escapes, a
// newline at the end. It panics on a NaN or an infinity, which Derive never
// produces.
func (a *Analysis) JSON() []byte {
	b, err := Canonical(a)
	if err != nil {
		panic("analysis: " + err.Error())
	}
	return b
}

// Canonical is v as canonical JSON: see Analysis.JSON.
func Canonical(v any) ([]byte, error) {
	first, err := marshal(v)
	if err != nil {
		return nil, err
	}
	var tree any
	dec := json.NewDecoder(bytes.NewReader(first))
	dec.UseNumber() // keeps the digits
	if err := dec.Decode(&tree); err != nil {
		return nil, err
	}
	return marshal(tree) // maps are written with sorted keys
}

func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("canonical json: %w", err)
	}
	return buf.Bytes(), nil
}

// Parse reads analysis.json. Unknown fields are ignored.
func Parse(b []byte) (*Analysis, error) {
	var a Analysis
	if err := json.Unmarshal(b, &a); err != nil {
		return nil, fmt.Errorf("parse analysis: %w", err)
	}
	if a.Version != Version {
		return nil, fmt.Errorf("parse analysis: version %d: this program reads %d", a.Version, Version)
	}
	return &a, nil
}

// Condition returns the condition of that name, nil if there is none.
func (a *Analysis) Condition(name string) *Condition {
	for i := range a.Conditions {
		if a.Conditions[i].Name == name {
			return &a.Conditions[i]
		}
	}
	return nil
}

// Compare returns the comparison, nil if there is none.
func (a *Analysis) Compare(metric, treatment, control string) *Comparison {
	for i := range a.Comparisons {
		c := &a.Comparisons[i]
		if c.Metric == metric && c.Treatment == treatment && c.Control == control {
			return c
		}
	}
	return nil
}

// Significant reports whether a test was made and its adjusted p value is at
// most alpha.
func (c *Comparison) Significant(alpha float64) bool {
	return c.PAdjusted != nil && *c.PAdjusted <= alpha
}
