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
