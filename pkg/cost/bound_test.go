package cost_test

import (
	"testing"

	"github.com/crucible-go/crucible/pkg/cost"
	"github.com/crucible-go/crucible/pkg/events"
)

func TestBoundOfAnAttempt(t *testing.T) {
	messages := []events.Message{{Role: "system", Content: "Think."}, {Role: "user", Content: "Wie groß?"}}
	const input = 6 + 10 + 2*16 // bytes, not letters
	for params, want := range map[string]cost.Bound{
		``:                              {Input: input, Output: cost.AssumedOutput, Assumed: true},
		`{"temperature":0}`:             {Input: input, Output: cost.AssumedOutput, Assumed: true},
		`{"max_tokens":512}`:            {Input: input, Output: 512},
		`{"max_tokens":512,"n":4}`:      {Input: input, Output: 2048},
		`{"max_completion_tokens":100}`: {Input: input, Output: 100},
		`{"max_output_tokens":7}`:       {Input: input, Output: 7},
		`{"maxOutputTokens":7,"candidateCount":2}`: {Input: input, Output: 14},
		`{"max_tokens":-1}`:                        {Input: input, Output: cost.AssumedOutput, Assumed: true},
		`{"max_tokens":"many"}`:                    {Input: input, Output: cost.AssumedOutput, Assumed: true},
		`{"max_tokens":9223372036854775807}`:       {Input: input, Output: cost.AssumedOutput, Assumed: true},
		`[]`:                                       {Input: input, Output: cost.AssumedOutput, Assumed: true},
	} {
		if got := cost.BoundOf(messages, []byte(params)); got != want {
			t.Errorf("%s: %+v, want %+v", params, got, want)
		}
	}
	rates, known := cost.RatesOf(&events.Price{Input: "1", Output: "2", Reasoning: "3"})
	if most := (cost.Bound{Input: 1_000_000, Output: 1_000_000}).Most(rates); !known || most.String() != "4" {
		t.Errorf("a million of each costs at most %s", most)
	}
	if _, known := cost.RatesOf(nil); known {
		t.Error("no price is a price")
	}
	if _, known := cost.RatesOf(&events.Price{Input: "x", Output: "1"}); known {
		t.Error("a price that cannot be read is known")
	}
	if u := cost.TokensOf(&events.Usage{Input: 4, CachedInput: 3, Output: 2, Reasoning: 1}); u.Input != 4 || u.CachedInput != 3 || u.Output != 2 || u.Reasoning != 1 {
		t.Errorf("tokens %+v", u)
	}
}
