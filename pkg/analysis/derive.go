package analysis

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
	"github.com/crucible-go/crucible/pkg/money"
)

// Input is everything that an analysis depends on.
type Input struct {
	Config      []byte // the resolved spec, as run.planned has it
	SpecHash    string
	DatasetHash string
	Seed        uint64
	Items       int      // of the sample
	Simulated   []string // ids of the models whose answers are simulated
	Recorded    []string // ids of the models whose answers were recorded
	Rows        []Row    // in any order
	// Calls are sums over the calls of each condition; nil where none were counted.
	Calls      map[string]*Calls
	Unreadable int // events of the run that could not be read and were passed over
}

// InputOf is the input for the rows of a planned run.
func InputOf(p *events.RunPlanned, rows []Row) Input {
	return Input{
		Config: p.Config, SpecHash: p.SpecHash, DatasetHash: p.DatasetHash, Seed: p.Seed,
		Items: p.Items, Simulated: simulated(p.Simulated, rows), Recorded: p.Recorded, Rows: rows,
	}
}

// simulated are the models that the plan or an answer says are simulated.
func simulated(planned []string, rows []Row) []string {
	out := slices.Clone(planned)
	for i := range rows {
		for _, m := range rows[i].Simulated {
			if !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Derive computes the analysis of a run. It fails when the spec cannot be read
// or the rows do not fit it (an unknown condition, a place outside the plan,
// two rows in one place); data that allow no estimate are no error, but say so
// in the result.
func Derive(in Input) (*Analysis, error) {
	spec, err := experiment.ParseResolved(in.Config)
	if err != nil {
		return nil, fmt.Errorf("derive: %w", err)
	}
	d := &deriver{in: &in, spec: spec, alpha: spec.Analysis.Alpha, level: 1 - spec.Analysis.Alpha}
	if err := d.place(); err != nil {
		return nil, fmt.Errorf("derive: %w", err)
	}
	a := &Analysis{
		Version: Version, Name: spec.Name, SpecHash: in.SpecHash, DatasetHash: in.DatasetHash,
		Seed: in.Seed, Alpha: d.alpha, Correction: spec.Analysis.Correction,
		Items: in.Items, Repeat: d.repeat, Control: spec.Control,
		Conditions: []Condition{}, Comparisons: []Comparison{}, Warnings: []string{},
	}
	for _, g := range d.groups {
		a.Conditions = append(a.Conditions, d.condition(g))
	}
	for _, m := range d.metrics {
		a.Comparisons = append(a.Comparisons, d.family(m)...)
	}
	d.addHypothesis(a)
	if in.Unreadable > 0 {
		d.warnings = append(d.warnings, plural(in.Unreadable, "event of the run", "events of the run")+" could not be read and had to be left out")
	}
	a.Warnings = append(d.provenance(), d.warnings...)
	if a.Warnings == nil {
		a.Warnings = []string{}
	}
	return a, nil
}

type deriver struct {
	in       *Input
	spec     *experiment.Spec
	alpha    float64
	level    float64
	repeat   int
	groups   []*group
	metrics  []metric
	cluster  []int32 // of each item of the sample
	clusters int
	// clustered says that observations of one cluster are not independent and
	// that there may be several.
	clustered bool
	warnings  []string
	drawn     map[[2]string]map[string][]float64 // bootstrap replicates by pair of conditions and metric
}

// group is a condition with its rows by place: item × repeats + repeat.
type group struct {
	spec      *experiment.Condition
	rows      []*Row
	simulated bool
	recorded  bool
	values    map[string][]float64 // of a metric by place, NaN for none
}

func (d *deriver) place() error {
	d.repeat = max(d.spec.Repeat, 1)
	if d.in.Items < 0 || d.in.Items > math.MaxInt32/d.repeat {
		return fmt.Errorf("%d items, asked %d times: at most %d queries for a condition", d.in.Items, d.repeat, math.MaxInt32)
	}
	if c := d.spec.Analysis.Correction; c != "holm" {
		return fmt.Errorf("there is no correction %q: this version knows holm", c)
	}
	byName := map[string]*group{}
	for i := range d.spec.Conditions {
		c := &d.spec.Conditions[i]
		g := &group{spec: c, rows: make([]*Row, d.in.Items*d.repeat), values: map[string][]float64{}}
		for _, m := range c.Asks() {
			g.simulated = g.simulated || slices.Contains(d.in.Simulated, m)
			g.recorded = g.recorded || slices.Contains(d.in.Recorded, m)
		}
		byName[c.Name] = g
		d.groups = append(d.groups, g)
	}
	names := make([]string, d.in.Items) // of the clusters
	for i := range d.in.Rows {
		r := &d.in.Rows[i]
		g := byName[r.Condition]
		if g == nil {
			return fmt.Errorf("query %d: the spec has no condition %q", r.Index, r.Condition)
		}
		if r.ItemIndex < 0 || r.ItemIndex >= d.in.Items || r.Repeat < 0 || r.Repeat >= d.repeat {
			return fmt.Errorf("query %d: item %d, repeat %d of %d items and %d repeats", r.Index, r.ItemIndex, r.Repeat, d.in.Items, d.repeat)
		}
		at := &g.rows[r.ItemIndex*d.repeat+r.Repeat]
		if *at != nil {
			return fmt.Errorf("queries %d and %d are the same: condition %q, item %d, repeat %d", (*at).Index, r.Index, r.Condition, r.ItemIndex, r.Repeat)
		}
		*at = r
		names[r.ItemIndex] = r.Cluster
	}
	d.groupItems(names)
	d.metrics = metricsOf(d.spec)
	return nil
}

// groupItems numbers the clusters: the values of the field that the spec names,
// or the items themselves.
func (d *deriver) groupItems(names []string) {
	d.cluster = make([]int32, len(names))
	number := map[string]int32{}
	for i, name := range names {
		if name == "" {
			d.cluster[i] = int32(d.clusters) // at most MaxInt32 items
			d.clusters++
			continue
		}
		n, ok := number[name]
		if !ok {
			n = int32(d.clusters) // at most MaxInt32 items
			number[name] = n
			d.clusters++
		}
		d.cluster[i] = n
	}
	d.clustered = d.repeat > 1 || len(number) > 0
}

// condition is what was observed under one condition.
func (d *deriver) condition(g *group) Condition {
	c := Condition{
		Name: g.spec.Name, Queries: len(g.rows), Simulated: g.simulated, Recorded: g.recorded,
		Metrics: map[string]Metric{}, Warnings: []string{},
	}
	var cost money.USD
	for _, r := range g.rows {
		switch {
		case r == nil || r.State == "":
			c.Unasked++
			continue
		case r.State == events.VoteFailed:
			c.Failed++
		case r.State == events.VoteInvalid:
			c.Invalid++
		default:
			c.Decided++
		}
		if r.Correct {
			c.Correct++
		}
		if r.Tied {
			c.Tied++
		}
		if usd, err := money.Parse(r.CostUSD); err == nil {
			cost = cost.Add(usd)
		} else {
			c.CostUnknown++
		}
	}
	c.CostUSD = cost.String()
	if c.Failed+c.Unasked > 0 {
		c.Sensitivity = sensitivity(&c)
	}
	for _, m := range d.metrics {
		c.Metrics[m.name] = d.estimate(g, m)
	}
	c.Warnings = append(c.Warnings, d.remarks(&c)...)
	d.hedging(&c, g.spec)
	return c
}

func sensitivity(c *Condition) *Sensitivity {
	var s Sensitivity
	if c.Queries > 0 {
		s.MissingWrong = ptr(float64(c.Correct) / float64(c.Queries))
		s.MissingRight = ptr(float64(c.Correct+c.Failed+c.Unasked) / float64(c.Queries))
	}
	if n := c.Decided + c.Invalid; n > 0 {
		s.LeftOut = ptr(float64(c.Correct) / float64(n))
	}
	return &s
}

// remarks say in words what a reader must know before the numbers.
func (d *deriver) remarks(c *Condition) []string {
	var out []string
	missing := func(n int, what string) {
		if n == 0 {
			return
		}
		text := fmt.Sprintf("%s %s left out", count(n, c.Queries), what)
		if s := c.Sensitivity; s != nil && s.MissingWrong != nil {
			text += fmt.Sprintf(": with all that is missing counted wrong the accuracy would be %s, counted right %s", share(*s.MissingWrong), share(*s.MissingRight))
		}
		out = append(out, text)
	}
	missing(c.Failed, "failed (no answer arrived) and are")
	missing(c.Unasked, "have no verdict because the run ended early, and are")
	if c.Invalid > 0 {
		out = append(out, fmt.Sprintf("%s got answers that could not be read; they count as wrong", count(c.Invalid, c.Queries)))
	}
	if c.Tied > 0 {
		out = append(out, fmt.Sprintf("%s had a tied vote; the earliest member of the tie decided", count(c.Tied, c.Queries)))
	}
	if c.CostUnknown > 0 {
		out = append(out, fmt.Sprintf("%s have no known cost; sums and means of costs leave them out", count(c.CostUnknown, c.Queries)))
	}
	return out
}

// provenance says whose answers these are.
func (d *deriver) provenance() []string {
	var out []string
	if used := d.used(d.in.Simulated); len(used) > 0 {
		out = append(out, "SIMULATED: the answers, latencies and errors of "+strings.Join(used, ", ")+
			" come from a random generator, not from a model; they say nothing about real models")
	}
	if used := d.used(d.in.Recorded); len(used) > 0 {
		out = append(out, "recorded: the answers of "+strings.Join(used, ", ")+
			" were given before this run and are replayed; no model was called, and latency and cost are what was recorded, if anything was")
	}
	return out
}

// used are the models that a condition asks, in the order of the spec.
func (d *deriver) used(ids []string) []string {
	var out []string
	for i := range d.spec.Models {
		id := d.spec.Models[i].ID
		if !slices.Contains(ids, id) {
			continue
		}
		if slices.ContainsFunc(d.spec.Conditions, func(c experiment.Condition) bool { return slices.Contains(c.Asks(), id) }) {
			out = append(out, id)
		}
	}
	return out
}

func count(n, of int) string {
	noun := "queries"
	if of == 1 {
		noun = "query"
	}
	return fmt.Sprintf("%d of %d %s", n, of, noun)
}

// share is a share in words: four decimals, enough for ten thousand items.
func share(x float64) string { return fmt.Sprintf("%.4f", x) }

// ptr is a pointer to x, nil for what JSON cannot hold. A negative zero becomes
// zero.
func ptr(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	x += 0
	return &x
}
