package experiment

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/mailru/easyjson"

	"github.com/crucible-go/crucible/pkg/budget"
	"github.com/crucible-go/crucible/pkg/cost"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/money"
)

// Cost is the most that the run can cost if no call is made twice: for each
// call the bytes of its messages, of which there are at least as many as
// tokens, and sixteen tokens for each message, at the price of input, and the
// limit of its answer (params.max_tokens; 4,096 where there is none) at the
// price of output.
func (p *Plan) Cost() events.Estimate {
	est := events.Estimate{USD: "0"}
	var total money.USD
	for _, c := range p.conditions {
		for i := range c.members {
			m := &c.members[i]
			if m.price == nil {
				if !slices.Contains(est.Unpriced, m.id) {
					est.Unpriced = append(est.Unpriced, m.id)
				}
				continue
			}
			repeats := int64(p.spec.Repeat)
			total = total.Add(m.rates.Most(repeats*p.inputTokens, repeats*int64(len(p.items))*m.outputMost()))
		}
	}
	est.USD = total.String()
	return est
}

// outputMost is the most tokens of one answer.
func (m *plannedMember) outputMost() int64 { return cost.BoundOf(nil, m.params).Output }

// asked reports whether asking the model is a call to somebody.
func (m *Model) asked() bool { return m.Provider != "recorded" }

// bills reports whether asking the model may cost money.
func (m *Model) bills() bool { return m.Provider != "recorded" && m.Provider != "simulated" }

// CheckBudget refuses a budget that is below what one call may need. One that is
// below what all of the plan may need is a warning: the run stops there, and can
// be resumed with a larger one.
func (p *Plan) CheckBudget() error {
	limit, err := p.spec.Limit()
	if err != nil || limit.None() {
		return err
	}
	var all budget.Amount
	for _, c := range p.conditions {
		asked := slices.Concat(c.members, c.backups)
		for i := range asked {
			m := &asked[i]
			once := m.most(1, p.inputMost)
			if !limit.Allows(once) {
				return fmt.Errorf("budget: it is %s, and one call of model %q may need %s: lower params.max_tokens, shorten the prompt, or raise the budget", limit, m.id, limit.Text(once))
			}
			if i >= len(c.members) {
				continue // a backup is made only if there is room for it
			}
			times := int64(p.spec.Repeat) * (1 + int64(m.model.Retries))
			all = all.Plus(m.most(times*int64(len(p.items)), times*p.inputTokens))
		}
	}
	if !limit.Allows(all) {
		p.warn("the budget is %s, and with retries the plan may need %s: the run stops when the budget is reached, and crucible resume RUN --budget goes on with a larger one", limit, limit.Text(all))
	}
	return nil
}

// most is what so many calls may need whose messages have at most so many tokens
// together.
func (m *plannedMember) most(calls, input int64) budget.Amount {
	if !m.model.asked() {
		return budget.Amount{}
	}
	b := cost.Bound{Input: input, Output: calls * m.outputMost()}
	a := budget.Amount{Calls: calls, Tokens: b.Tokens()}
	if m.price != nil {
		a.USD = b.Most(m.rates)
	}
	return a
}

func (p *Plan) warn(format string, args ...any) {
	p.Warnings = append(p.Warnings, fmt.Sprintf(format, args...))
}

// Limit is the budget of the spec.
func (s *Spec) Limit() (budget.Limit, error) {
	return budget.Parse(string(s.Budget.USD), int64(s.Budget.Calls), int64(s.Budget.Tokens))
}

// paramsOf are the parameters that a model is asked with. Where a budget of
// dollars or tokens needs it they limit the length of an answer, as estimates
// assume it: without a limit nobody could say what a call costs at most.
func (s *Spec) paramsOf(m *Model) easyjson.RawMessage {
	if _, limited := cost.OutputLimit(m.Params); limited || !m.bills() || !s.limitsOutput() {
		return easyjson.RawMessage(m.Params)
	}
	params := map[string]json.RawMessage{}
	if len(m.Params) > 0 && json.Unmarshal(m.Params, &params) != nil {
		return easyjson.RawMessage(m.Params) // not an object: the provider refuses it
	}
	params["max_tokens"] = fmt.Append(nil, cost.AssumedOutput)
	return mustCanonical(params)
}

// limitsOutput reports whether the budget depends on the length of answers.
func (s *Spec) limitsOutput() bool {
	limit, err := s.Limit()
	return err == nil && (!limit.USD.IsZero() || limit.Tokens > 0)
}

// checkOutputLimit remarks on a model whose answers may be as long as they like.
func (c checker) checkOutputLimit(m *Model) {
	_, limited := cost.OutputLimit(m.Params)
	switch {
	case limited, m.Price == nil, !c.s.uses(m.ID):
	case c.s.limitsOutput():
		c.warn("model %q has no params.max_tokens: to keep the budget it is asked with max_tokens %d", m.ID, cost.AssumedOutput)
	default:
		c.warn("model %q has no params.max_tokens: estimates assume %d tokens for an answer", m.ID, cost.AssumedOutput)
	}
}
