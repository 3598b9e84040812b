package cost

import (
	"encoding/json"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/money"
)

// AssumedOutput is the length of an answer, in tokens, that is reserved where a
// model's parameters do not limit it.
const AssumedOutput = 4096

// perMessage is how many tokens a message is taken to need beside its text.
const perMessage = 16

// Bound is the most tokens that one attempt can use.
type Bound struct {
	Input  int64
	Output int64
	// Assumed says that the parameters do not limit the answer and Output is a
	// guess.
	Assumed bool
}

// Tokens is the sum.
func (b Bound) Tokens() int64 { return b.Input + b.Output }

// Most is what so many tokens cost at most.
func (b Bound) Most(r money.Rates) money.USD { return r.Most(b.Input, b.Output) }

// Prompt is the most tokens that messages can have: no tokenizer makes more of a
// text than it has bytes, and each message gets sixteen for what surrounds it.
func Prompt(messages []events.Message) int64 {
	var n int64
	for _, m := range messages {
		n += int64(len(m.Content)) + perMessage
	}
	return n
}

// BoundOf is the most that one attempt with these messages and parameters can
// use.
func BoundOf(messages []events.Message, params []byte) Bound {
	out, limited := OutputLimit(params)
	if !limited {
		out = AssumedOutput
	}
	return Bound{Input: Prompt(messages), Output: out, Assumed: !limited}
}

// OutputLimit is the most tokens that all answers to one request may have by its
// parameters, false if they do not say.
func OutputLimit(params []byte) (int64, bool) {
	var p struct {
		Tokens     json.Number `json:"max_tokens"`
		Completion json.Number `json:"max_completion_tokens"`
		Output     json.Number `json:"max_output_tokens"`
		Google     json.Number `json:"maxOutputTokens"`
		N          json.Number `json:"n"`
		Candidates json.Number `json:"candidateCount"`
	}
	if len(params) == 0 || json.Unmarshal(params, &p) != nil {
		return 0, false
	}
	for _, limit := range []json.Number{p.Completion, p.Output, p.Google, p.Tokens} {
		if n, ok := positive(limit); ok {
			return n * times(p.N, p.Candidates), true
		}
	}
	return 0, false
}

// times is how many answers are asked for at once.
func times(counts ...json.Number) int64 {
	for _, c := range counts {
		if n, ok := positive(c); ok {
			return n
		}
	}
	return 1
}

// positive reads a number; one that is too large for any model is none.
func positive(n json.Number) (int64, bool) {
	v, err := n.Int64()
	return v, err == nil && v > 0 && v <= 1<<40
}

// RatesOf are the prices of an order, false where they are unknown.
func RatesOf(p *events.Price) (money.Rates, bool) {
	if p == nil {
		return money.Rates{}, false
	}
	r, err := money.NewRates(p.Input, p.CachedInput, p.Output, p.Reasoning)
	return r, err == nil
}

// TokensOf are the tokens of a report of usage.
func TokensOf(u *events.Usage) money.Tokens {
	return money.Tokens{Input: u.Input, CachedInput: u.CachedInput, Output: u.Output, Reasoning: u.Reasoning}
}
