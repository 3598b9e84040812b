package ensemble

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Options are the parameters of a policy. Zero values mean the defaults.
type Options struct {
	// MinResponses is the quorum: fewer valid answers decide nothing.
	MinResponses int `json:"min_responses,omitempty"`
	// MinAgreement is the share of the votes that an answer needs, 0 to 1.
	MinAgreement float64 `json:"min_agreement,omitempty"`
	// Ties names who wins a tie: listed (the default), calibrated, seeded.
	Ties string `json:"ties,omitempty"`
	// Seed draws the winner of a tie, for seeded.
	Seed uint64 `json:"seed,omitempty,string"`
	// WeightBy says what a weighted vote weighs by: confidence, fixed, log_odds.
	// The default is fixed with Weights, log_odds with Accuracies, else
	// confidence.
	WeightBy string `json:"weight_by,omitempty"`
	// Weights are those of the members, for fixed: not negative, not all zero.
	Weights map[string]float64 `json:"weights,omitempty"`
	// Accuracies are how often each member is right on labelled items, 0 to 1.
	Accuracies map[string]float64 `json:"accuracies,omitempty"`
	// Choices is the effective number of answers to choose from: one more than
	// one over the share of wrong pairs that agree. The default is 2, as if all
	// wrong answers were the same.
	Choices float64 `json:"choices,omitempty"`
	// Fallback is the vote where a unanimous one finds none.
	Fallback string `json:"fallback,omitempty"`
	// Votes are those that a meta vote asks.
	Votes []string `json:"votes,omitempty"`
	// Equivalence is that of a semantic vote: normalised, numeric, vector.
	Equivalence string `json:"equivalence,omitempty"`
	// Tolerance is the largest difference of equivalent numbers, relative to the
	// larger (default 1e-6), or the least cosine of equivalent vectors (0.85).
	Tolerance float64 `json:"tolerance,omitempty"`
	// MinConsensus ends a sequential execution: default 0.7.
	MinConsensus float64 `json:"min_consensus,omitempty"`
	// MaxModels is how many members a sequential or cascaded execution asks at
	// most: default all.
	MaxModels int `json:"max_models,omitempty"`
	// MinModels is how many members a cascade, or a posterior stop, asks at
	// least: default 1 by confidence, 2 by agreement and for a posterior stop.
	MinModels int `json:"min_models,omitempty"`
	// Gate is what ends a cascade: confidence or agreement; the default is
	// confidence where ConfidenceThreshold is given, else agreement.
	Gate string `json:"gate,omitempty"`
	// ConfidenceThreshold opens the gate by confidence: default 0.9.
	ConfidenceThreshold float64 `json:"confidence_threshold,omitempty"`
	// AgreementThreshold opens the gate by agreement: default 1, all alike.
	AgreementThreshold float64 `json:"agreement_threshold,omitempty"`
	// HedgeDelayNS is when a backup follows in a hedged execution, in
	// nanoseconds: default 1 s.
	HedgeDelayNS int64 `json:"hedge_delay_ns,omitempty"`
	// MaxHedges bounds the backups: default all other members.
	MaxHedges int `json:"max_hedges,omitempty"`
	// Level is how sure a posterior stop must be: default 0.98.
	Level float64 `json:"level,omitempty"`
	// Prior is the Beta prior of the share of members that give the leading
	// answer: uniform by default, better fitted by FitPrior on other items.
	Prior [2]float64 `json:"prior,omitzero"`
	// Joint is the calibration of a joint vote.
	Joint *Joint `json:"joint,omitempty"`
	// Offsets says that a parallel execution decides only when all calls have
	// ended, and then as if they had come in the order of their latencies: for
	// virtual clocks and recorded answers, where arrival means nothing.
	Offsets bool `json:"offsets,omitempty"`
}

// ParseOptions reads options as JSON; empty text means the defaults. Keys that
// do not exist are errors.
func ParseOptions(text []byte) (Options, error) {
	var o Options
	if len(text) == 0 {
		return o, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return Options{}, fmt.Errorf("ensemble: options: %w", err)
	}
	if o.Joint != nil {
		if err := o.Joint.check(); err != nil {
			return Options{}, fmt.Errorf("ensemble: options: %w", err)
		}
	}
	return o, nil
}

// withDefaults fills in what the policy leaves open.
func (p Policy) withDefaults() Policy {
	set := func(s *string, to string) {
		if *s == "" {
			*s = to
		}
	}
	o := &p.Options
	set(&p.Vote, VoteMajority)
	set(&p.Execution, ExecutionParallel)
	set(&p.Stop, StopNone)
	set(&o.Ties, TiesListed)
	if o.ConfidenceThreshold > 0 {
		set(&o.Gate, GateConfidence)
	}
	set(&o.Gate, GateAgreement)
	set(&o.Equivalence, EquivalenceNormalised)
	switch {
	case o.Weights != nil:
		set(&o.WeightBy, WeightFixed)
	case o.Accuracies != nil:
		set(&o.WeightBy, WeightLogOdds)
	}
	set(&o.WeightBy, WeightConfidence)
	positive(&o.Choices, 2)
	positive(&o.MinConsensus, 0.7)
	positive(&o.ConfidenceThreshold, 0.9)
	positive(&o.AgreementThreshold, 1)
	positive(&o.Level, 0.98)
	if o.Prior == [2]float64{} {
		o.Prior = [2]float64{1, 1}
	}
	if o.Tolerance == 0 {
		o.Tolerance = 1e-6
		if o.Equivalence == EquivalenceVector {
			o.Tolerance = 0.85
		}
	}
	if o.MaxModels == 0 || o.MaxModels > len(p.Members) {
		o.MaxModels = len(p.Members)
	}
	if o.MinModels == 0 {
		o.MinModels = 1
		if o.Gate == GateAgreement || p.Stop == StopPosterior {
			o.MinModels = 2
		}
	}
	if o.HedgeDelayNS == 0 {
		o.HedgeDelayNS = 1e9
	}
	if o.MaxHedges == 0 || o.MaxHedges > len(p.Members)-1 {
		o.MaxHedges = len(p.Members) - 1
	}
	return p
}

func positive(v *float64, to float64) {
	if *v == 0 {
		*v = to
	}
}

// Problems says what is wrong with a policy, before anything is asked; none if
// New takes it.
func (p Policy) Problems() []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if len(p.Members) == 0 {
		add("no members")
	}
	for _, k := range []struct {
		key, name string
		names     []string
	}{
		{"vote", p.Vote, Votes()},
		{"execution", p.Execution, Executions()},
		{"stop", p.Stop, Stops()},
		{"ties", p.Options.Ties, []string{TiesListed, TiesCalibrated, TiesSeeded}},
		{"weight_by", p.Options.WeightBy, []string{WeightConfidence, WeightFixed, WeightLogOdds}},
		{"gate", p.Options.Gate, []string{GateConfidence, GateAgreement}},
		{"equivalence", p.Options.Equivalence, []string{EquivalenceNormalised, EquivalenceNumeric, EquivalenceVector}},
		{"fallback", p.Options.Fallback, Votes()},
	} {
		if k.name != "" && !slices.Contains(k.names, k.name) {
			add("%s %q, want %s", k.key, k.name, strings.Join(k.names, ", "))
		}
	}
	out = append(out, p.ranges()...)
	if len(out) > 0 {
		return out
	}
	out = append(out, p.withDefaults().needs()...)
	return append(out, p.withDefaults().combinations()...)
}

// ranges says which numbers are out of their range.
func (p Policy) ranges() []string {
	var out []string
	o := &p.Options
	for _, r := range []struct {
		key string
		v   float64
		hi  float64
	}{
		{"min_agreement", o.MinAgreement, 1}, {"min_consensus", o.MinConsensus, 1},
		{"confidence_threshold", o.ConfidenceThreshold, 1}, {"agreement_threshold", o.AgreementThreshold, 1},
		{"level", o.Level, 1}, {"tolerance", o.Tolerance, 1},
		{"choices", o.Choices, math.MaxFloat64}, {"prior", o.Prior[0], 1e9}, {"prior", o.Prior[1], 1e9},
	} {
		if !(r.v >= 0 && r.v <= r.hi) {
			out = append(out, fmt.Sprintf("%s %v, want 0 to %g", r.key, r.v, r.hi))
		}
	}
	if (o.Prior[0] > 0) != (o.Prior[1] > 0) {
		out = append(out, fmt.Sprintf("prior %v: want two numbers above 0", o.Prior))
	}
	if o.Choices != 0 && o.Choices < 2 {
		out = append(out, fmt.Sprintf("choices %v, want at least 2", o.Choices))
	}
	for _, r := range []struct {
		key string
		v   int
	}{{"min_responses", o.MinResponses}, {"max_models", o.MaxModels}, {"min_models", o.MinModels}, {"max_hedges", o.MaxHedges}} {
		switch {
		case r.v < 0:
			out = append(out, fmt.Sprintf("%s %d, want no less than 0", r.key, r.v))
		case r.v > len(p.Members) && len(p.Members) > 0:
			out = append(out, fmt.Sprintf("%s %d is above the number of members, %d", r.key, r.v, len(p.Members)))
		}
	}
	if o.HedgeDelayNS < 0 {
		out = append(out, fmt.Sprintf("hedge_delay_ns %d, want no less than 0", o.HedgeDelayNS))
	}
	if o.MinModels > o.MaxModels && o.MaxModels > 0 {
		out = append(out, fmt.Sprintf("min_models %d is above max_models %d", o.MinModels, o.MaxModels))
	}
	return append(out, p.weightProblems()...)
}

// weightProblems says what is wrong with weights and accuracies.
func (p Policy) weightProblems() []string {
	var out []string
	for _, table := range []struct {
		key string
		of  map[string]float64
		hi  float64
	}{{"weights", p.Options.Weights, math.MaxFloat64}, {"accuracies", p.Options.Accuracies, 1}} {
		if table.of == nil {
			continue
		}
		sum := 0.0
		names := make([]string, 0, len(table.of))
		for name := range table.of {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			w := table.of[name]
			if !(w >= 0 && w <= table.hi) {
				want := "no less than 0"
				if table.hi == 1 {
					want = "0 to 1"
				}
				out = append(out, fmt.Sprintf("%s: %s has %v, want %s", table.key, name, w, want))
			}
			if !slices.Contains(p.Members, name) {
				out = append(out, fmt.Sprintf("%s: %q is no member", table.key, name))
			}
		}
		for _, m := range p.Members {
			w, ok := table.of[m]
			if !ok {
				out = append(out, fmt.Sprintf("%s: member %q has none", table.key, m))
			}
			sum += w
		}
		if sum == 0 && len(out) == 0 {
			out = append(out, table.key+" are all zero")
		}
	}
	return out
}

// needs says what a vote lacks.
func (p Policy) needs() []string {
	o := &p.Options
	var out []string
	lacks := func(vote string) {
		switch {
		case vote == VoteWeighted && o.WeightBy == WeightFixed && o.Weights == nil:
			out = append(out, "vote weighted by fixed weights needs weights")
		case vote == VoteWeighted && o.WeightBy == WeightLogOdds && o.Accuracies == nil,
			vote == VoteDawidSkene && o.Accuracies == nil:
			out = append(out, fmt.Sprintf("vote %s needs accuracies", vote))
		case vote == VoteJoint && o.Joint == nil:
			out = append(out, "vote joint needs a calibration on labelled items")
		case vote == VoteJoint && !slices.Equal(o.Joint.Members, p.Members):
			out = append(out, fmt.Sprintf("the joint calibration is of the members %s, not %s",
				strings.Join(o.Joint.Members, ", "), strings.Join(p.Members, ", ")))
		case vote == VoteMeta && len(o.Votes) == 0:
			out = append(out, "vote meta needs votes")
		}
	}
	lacks(p.Vote)
	if o.Fallback != "" {
		lacks(o.Fallback)
		if o.Fallback == VoteUnanimous || o.Fallback == VoteMeta {
			out = append(out, fmt.Sprintf("fallback %q", o.Fallback))
		}
	}
	for _, v := range o.Votes {
		switch {
		case !slices.Contains(Votes(), v), v == VoteMeta:
			out = append(out, fmt.Sprintf("votes: %q, want %s", v, strings.Join(Votes()[:len(Votes())-1], ", ")))
		default:
			lacks(v)
		}
	}
	if o.Ties == TiesCalibrated && o.Accuracies == nil && o.Joint == nil {
		out = append(out, "ties calibrated needs accuracies")
	}
	return out
}

// combinations says what does not go together.
func (p Policy) combinations() []string {
	var out []string
	if p.Stop == StopLossless && slices.Contains([]string{VoteBorda, VoteInstantRunoff, VoteSemantic, VoteMeta}, p.Vote) {
		out = append(out, fmt.Sprintf("stop lossless with vote %s: what could overtake is not known", p.Vote))
	}
	if p.Stop == StopPosterior && !slices.Contains([]string{VoteMajority, VoteWeighted, VoteDawidSkene, VoteJoint}, p.Vote) {
		out = append(out, fmt.Sprintf("stop posterior with vote %s has no model: want majority, weighted, dawid_skene or joint", p.Vote))
	}
	if p.Stop == StopPosterior && p.Vote == VoteJoint && p.Execution != ExecutionSequential && p.Execution != ExecutionCascade {
		out = append(out, "stop posterior with vote joint is calibrated for members asked in turn: want execution sequential or cascade")
	}
	if p.Execution != ExecutionParallel && len(p.Members) < 2 {
		out = append(out, fmt.Sprintf("execution %s needs two members or more", p.Execution))
	}
	return out
}

// NeedsConfidence says whether the policy can decide nothing without members
// that say how confident they are.
func (p Policy) NeedsConfidence() bool {
	p = p.withDefaults()
	vote := p.Vote
	if p.Execution == ExecutionCascade && p.Options.Gate == GateConfidence {
		return true
	}
	return vote == VoteBestConfidence || vote == VoteWeighted && p.Options.WeightBy == WeightConfidence
}
