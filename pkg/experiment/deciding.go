package experiment

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/crucible-go/crucible/pkg/ensemble"
)

// Deciding holds the parameters of a condition's vote, execution and stopping
// rule.
type Deciding struct {
	MinResponses        int             `json:"min_responses,omitempty" doc:"Quorum: fewer valid answers decide nothing."`
	MinAgreement        float64         `json:"min_agreement,omitempty" doc:"Share of the votes that an answer needs, 0 to 1."`
	Ties                string          `json:"ties,omitempty" doc:"Who wins a tie: the first listed (default), the most accurate, or a lot drawn by seed."`
	WeightBy            string          `json:"weight_by,omitempty" doc:"weighted: what the weights are; default fixed with weights, log_odds with accuracies, else confidence."`
	Weights             json.RawMessage `json:"weights,omitempty" doc:"weighted by fixed: the weight of each member."`
	Accuracies          json.RawMessage `json:"accuracies,omitempty" doc:"weighted by log_odds, dawid_skene, ties calibrated: how often each member is right, 0 to 1."`
	Choices             float64         `json:"choices,omitempty" doc:"weighted by log_odds, stop posterior: effective number of answers to choose from; default 2."`
	Fallback            string          `json:"fallback,omitempty" doc:"unanimous: the vote where members differ."`
	Votes               []string        `json:"votes,omitempty" doc:"meta: the votes that vote."`
	Equivalence         string          `json:"equivalence,omitempty" doc:"semantic: when answers are the same."`
	Tolerance           float64         `json:"tolerance,omitempty" doc:"semantic: largest relative difference of numbers, or least cosine of vectors."`
	MinConsensus        float64         `json:"min_consensus,omitempty" doc:"sequential: agreement that is enough; default 0.7."`
	MaxModels           int             `json:"max_models,omitempty" doc:"sequential, cascade: members that are asked at most; default all."`
	MinModels           int             `json:"min_models,omitempty" doc:"cascade, stop posterior: members that are asked at least."`
	Gate                string          `json:"gate,omitempty" doc:"cascade: what ends it; default confidence with confidence_threshold, else agreement."`
	ConfidenceThreshold float64         `json:"confidence_threshold,omitempty" doc:"cascade gated by confidence: how sure is enough; default 0.9."`
	AgreementThreshold  float64         `json:"agreement_threshold,omitempty" doc:"cascade gated by agreement: how much is enough; default 1."`
	HedgeDelay          Duration        `json:"hedge_delay,omitempty" doc:"hedged: when the next member is asked as a backup; default 1s."`
	MaxHedges           int             `json:"max_hedges,omitempty" doc:"hedged: backups at most; default all other members."`
	Level               float64         `json:"level,omitempty" doc:"stop posterior: how sure is enough; default 0.98."`
	Prior               []float64       `json:"prior,omitempty" doc:"stop posterior: Beta prior of the share of members that give the leading answer; default uniform."`
	Calibration         json.RawMessage `json:"calibration,omitempty" doc:"joint: the calibration that crucible tune writes."`
}

// Policy is how the condition's answers become one, with seed drawing ties. The
// problems are those of options that are not what they should be.
func (c *Condition) Policy(seed uint64) (ensemble.Policy, []string) {
	d := &c.Deciding
	p := ensemble.Policy{Members: c.Members, Vote: c.Vote, Execution: c.Execution, Stop: c.Stop, Options: ensemble.Options{
		MinResponses: d.MinResponses, MinAgreement: d.MinAgreement, Ties: d.Ties, WeightBy: d.WeightBy, Choices: d.Choices,
		Fallback: d.Fallback, Votes: d.Votes, Equivalence: d.Equivalence, Tolerance: d.Tolerance,
		MinConsensus: d.MinConsensus, MaxModels: d.MaxModels, MinModels: d.MinModels, Gate: d.Gate,
		ConfidenceThreshold: d.ConfidenceThreshold, AgreementThreshold: d.AgreementThreshold,
		HedgeDelayNS: int64(d.HedgeDelay), MaxHedges: d.MaxHedges, Level: d.Level,
	}}
	if d.Ties == ensemble.TiesSeeded {
		p.Options.Seed = seed
	}
	var problems []string
	read := func(key string, raw json.RawMessage, v any) {
		if len(raw) == 0 {
			return
		}
		if err := json.Unmarshal(raw, v); err != nil {
			problems = append(problems, fmt.Sprintf("%s cannot be read: %v", key, err))
		}
	}
	read("weights", d.Weights, &p.Options.Weights)
	read("accuracies", d.Accuracies, &p.Options.Accuracies)
	read("calibration", d.Calibration, &p.Options.Joint)
	switch len(d.Prior) {
	case 0:
	case 2:
		p.Options.Prior = [2]float64{d.Prior[0], d.Prior[1]}
	default:
		problems = append(problems, "prior: want two numbers, [a, b]")
	}
	return p, problems
}

// checkPolicy reports what is wrong with how a condition decides, at the key that
// it is about.
func (c checker) checkPolicy(cond *Condition, at string) {
	for _, v := range []struct {
		value, key string
	}{{cond.Ties, "ties"}, {cond.WeightBy, "weight_by"}, {cond.Fallback, "fallback"}, {cond.Equivalence, "equivalence"}, {cond.Gate, "gate"}} {
		if c.has(at+"."+v.key) && v.value == "" {
			c.problem(at+"."+v.key, "leave it out for the default", "%s.%s is empty", at, v.key)
		}
	}
	if len(cond.Members) == 0 || cond.Vote == "" || cond.Execution == "" || cond.Stop == "" {
		return
	}
	p, problems := cond.Policy(c.s.Seed)
	if len(problems) == 0 {
		problems = p.Problems()
	}
	for _, problem := range problems {
		key, _, _ := strings.Cut(problem, " ")
		key = strings.TrimSuffix(key, ":")
		if !c.has(at + "." + key) {
			key = "vote"
			for _, k := range []string{"execution", "stop"} {
				if strings.HasPrefix(problem, k) {
					key = k
				}
			}
		}
		c.problem(at+"."+key, policyHint(problem), "condition %q: %s", cond.Name, problem)
	}
	c.checkMeaning(cond, at)
	if p.NeedsConfidence() {
		c.checkConfidence(cond, at)
	}
}

// policyHint says what mends a policy.
func policyHint(problem string) string {
	switch {
	case strings.Contains(problem, "calibration on labelled items"):
		return "crucible tune RUN writes a spec with one, from a run that has ended"
	case strings.Contains(problem, "needs accuracies"):
		return "write accuracies: {a: 0.9, b: 0.8}, of labelled items that are not asked here"
	case strings.Contains(problem, "needs weights"):
		return "write weights: {a: 2, b: 1}"
	}
	return ""
}

// checkMeaning reports options that the condition's rules do not read.
func (c checker) checkMeaning(cond *Condition, at string) {
	turns := cond.Execution == "sequential" || cond.Execution == "cascade"
	for _, o := range []struct {
		key  string
		used bool
		with string
	}{
		{"min_consensus", cond.Execution == "sequential" && cond.Stop == "none", "execution sequential and stop none"},
		{"max_models", turns, "execution sequential or cascade"},
		{"min_models", cond.Execution == "cascade" || cond.Stop == "posterior", "execution cascade or stop posterior"},
		{"gate", cond.Execution == "cascade", "execution cascade"},
		{"confidence_threshold", cond.Execution == "cascade" && cond.Gate != "agreement", "execution cascade gated by confidence"},
		{"agreement_threshold", cond.Execution == "cascade" && cond.Gate != "confidence", "execution cascade gated by agreement"},
		{"hedge_delay", cond.Execution == "hedged", "execution hedged"},
		{"max_hedges", cond.Execution == "hedged", "execution hedged"},
		{"level", cond.Stop == "posterior", "stop posterior"},
		{"prior", cond.Stop == "posterior", "stop posterior"},
		{"fallback", cond.Vote == "unanimous", "vote unanimous"},
		{"votes", cond.Vote == "meta", "vote meta"},
		{"equivalence", cond.Vote == "semantic", "vote semantic"},
		{"tolerance", cond.Vote == "semantic", "vote semantic"},
		{"calibration", cond.Vote == "joint" || cond.Fallback == "joint" || cond.Vote == "meta", "vote joint"},
	} {
		if c.has(at+"."+o.key) && !o.used {
			c.problem(at+"."+o.key, "leave it out", "%s.%s has no meaning without %s", at, o.key, o.with)
		}
	}
}

// checkConfidence refuses a vote by confidence where no member can have one.
func (c checker) checkConfidence(cond *Condition, at string) {
	for _, id := range cond.Members {
		if m := c.s.model(id); m == nil || m.Provider != "simulated" {
			return
		}
	}
	key := "vote"
	if cond.Execution == "cascade" && cond.Vote != "best_confidence" && cond.Vote != "weighted" {
		key = "execution"
	}
	c.problem(at+"."+key, "weigh by weights or accuracies, or gate a cascade by agreement: absent confidence counts as none, never as certainty",
		"condition %q decides by confidence, and simulated models have none", cond.Name)
}
