package experiment

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/mailru/easyjson"

	"github.com/crucible-go/crucible/pkg/ensemble"
	"github.com/crucible-go/crucible/pkg/events"
)

// policy is what the voter is told of how a condition decides.
func (p *Plan) policy(c *Condition) (events.Policy, error) {
	out := events.Policy{Members: c.Members, Vote: c.Vote, Execution: c.Execution, Stop: c.Stop}
	policy, problems := c.Policy(p.spec.Seed)
	if len(problems) == 0 {
		problems = policy.Problems()
	}
	if len(problems) > 0 {
		return out, fmt.Errorf("plan: condition %q: %s", c.Name, problems[0])
	}
	// Where arrival means nothing, only the recorded or simulated latencies say
	// who came first.
	policy.Options.Offsets = (c.Stop != ensemble.StopNone || c.Execution == ensemble.ExecutionHedged) && p.timeless(c)
	text, err := json.Marshal(policy.Options)
	if err != nil {
		return out, fmt.Errorf("plan: condition %q: %w", c.Name, err)
	}
	if !bytes.Equal(text, []byte("{}")) {
		out.Options = easyjson.RawMessage(mustCanonical(policy.Options))
	}
	return out, nil
}

// timeless reports whether the answers of a condition do not come when they
// would: on the virtual clock, or recorded.
func (p *Plan) timeless(c *Condition) bool {
	if p.spec.Clock == "virtual" {
		return true
	}
	for _, id := range c.Members {
		if m := p.spec.model(id); m == nil || m.Provider != "recorded" {
			return false
		}
	}
	return true
}

// firstCalls is how many members of a condition are asked at once.
func firstCalls(c *Condition) int {
	if c.Execution == ensemble.ExecutionParallel {
		return len(c.Members)
	}
	return 1
}

// ConditionOf is the condition that decides by a policy: what Policy turns back
// into it.
func ConditionOf(name string, p ensemble.Policy) (Condition, error) {
	o := &p.Options
	c := Condition{Name: name, Members: p.Members, Vote: p.Vote, Execution: p.Execution, Stop: p.Stop, Hedge: Hedge{Strategy: "none"}}
	c.Deciding = Deciding{MinResponses: o.MinResponses, MinAgreement: o.MinAgreement, Ties: o.Ties, WeightBy: o.WeightBy, Choices: o.Choices,
		Fallback: o.Fallback, Votes: o.Votes, Equivalence: o.Equivalence, Tolerance: o.Tolerance, MinConsensus: o.MinConsensus,
		MaxModels: o.MaxModels, MinModels: o.MinModels, Gate: o.Gate, ConfidenceThreshold: o.ConfidenceThreshold,
		AgreementThreshold: o.AgreementThreshold, HedgeDelay: Duration(o.HedgeDelayNS), MaxHedges: o.MaxHedges, Level: o.Level}
	if o.Prior != [2]float64{} {
		c.Prior = o.Prior[:]
	}
	for _, part := range []struct {
		to    *json.RawMessage
		value any
		is    bool
	}{{&c.Weights, o.Weights, o.Weights != nil}, {&c.Accuracies, o.Accuracies, o.Accuracies != nil}, {&c.Calibration, o.Joint, o.Joint != nil}} {
		if !part.is {
			continue
		}
		text, err := json.Marshal(part.value)
		if err != nil {
			return c, fmt.Errorf("condition %q: %w", name, err)
		}
		*part.to = text
	}
	return c, nil
}

// Shortened is the spec as a tree of maps without what is nothing: empty texts
// and lists, noughts, false. It is a spec again, with the same meaning, as long as
// nothing is the default.
func Shortened(s *Spec) any {
	d := json.NewDecoder(bytes.NewReader(s.Resolved()))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		panic("experiment: " + err.Error()) // it was written here
	}
	return prune(tree)
}

func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, sub := range v {
			if sub = prune(sub); nothing(sub) {
				delete(v, k)
			} else {
				v[k] = sub
			}
		}
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
	}
	return v
}

// nothing reports a value that need not be written.
func nothing(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == "" || v == "0s"
	case json.Number:
		return v == "0"
	case bool:
		return !v
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}
