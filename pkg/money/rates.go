package money

import "fmt"

// Tokens counts the tokens of one request by what they cost.
type Tokens struct {
	Input       int64 // of the prompt, cached ones included
	CachedInput int64 // of Input, those that the provider had cached
	Output      int64 // of the answer, those of reasoning included
	Reasoning   int64 // of Output, those that the model did not show
}

// Rates are prices per million tokens.
type Rates struct {
	input, cached, output, reasoning USD
}

// NewRates reads prices in dollars per million tokens. Where the price of cached
// input is empty it is that of input, and that of reasoning that of output.
func NewRates(input, cached, output, reasoning string) (r Rates, err error) {
	if cached == "" {
		cached = input
	}
	if reasoning == "" {
		reasoning = output
	}
	for _, p := range []struct {
		name string
		text string
		usd  *USD
	}{{"input", input, &r.input}, {"cached input", cached, &r.cached}, {"output", output, &r.output}, {"reasoning", reasoning, &r.reasoning}} {
		if *p.usd, err = Parse(p.text); err != nil {
			return Rates{}, fmt.Errorf("price of %s: %w", p.name, err)
		}
		if p.usd.Cmp(USD{}) < 0 {
			return Rates{}, fmt.Errorf("price of %s: %s is negative", p.name, p.text)
		}
	}
	return r, nil
}

// Cost is what the tokens cost. A part that is larger than its whole counts as
// the whole, and a negative number as none: reports of usage are not always
// consistent, and nothing is ever paid back.
func (r Rates) Cost(t Tokens) USD {
	in, out := max(0, t.Input), max(0, t.Output)
	cached, reasoning := min(max(0, t.CachedInput), in), min(max(0, t.Reasoning), out)
	return PerMillion(r.input, in-cached).Add(PerMillion(r.cached, cached)).
		Add(PerMillion(r.output, out-reasoning)).Add(PerMillion(r.reasoning, reasoning))
}

// Most is the most that so many tokens can cost, whichever of them are cached or
// reasoning.
func (r Rates) Most(input, output int64) USD {
	in, out := r.input, r.output
	if in.Cmp(r.cached) < 0 {
		in = r.cached
	}
	if out.Cmp(r.reasoning) < 0 {
		out = r.reasoning
	}
	return PerMillion(in, max(0, input)).Add(PerMillion(out, max(0, output)))
}
