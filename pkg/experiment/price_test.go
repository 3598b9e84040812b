package experiment

import (
	"strings"
	"testing"

	"github.com/crucible-go/crucible/pkg/prices"
)

const pricedSpec = `
version: 1
name: priced
dataset: {source: jsonl, path: d.jsonl}
models: [{id: m, provider: openai, model: gpt-4o-mini-2024-07-18, params: {max_tokens: 100}}]
conditions: [{name: c, members: [m]}]
budget: {usd: "1.00"}
`

// The price of a model comes from the table only where the list says something
// about it; anything else is unknown, and a budget of dollars then refused.
func TestPricesOfTheTable(t *testing.T) {
	table := prices.Builtin()
	for _, c := range []struct {
		name, old, with string
		input, cached   string // "" is unknown
		listed          bool
	}{
		{"a listed model", "", "", "0.15", "0.075", true},
		{"flex is priced as batch", "max_tokens: 100", "max_tokens: 100, service_tier: flex", "0.075", "", true},
		{"priority has no list price", "max_tokens: 100", "max_tokens: 100, service_tier: priority", "", "", false},
		{"a compatible server", "params:", `base_url: "http://127.0.0.1:8000/v1", params:`, "", "", false},
		{"the provider's own address", "params:", `base_url: "https://api.openai.com/v1", params:`, "0.15", "0.075", true},
		{"a model that is not listed", "gpt-4o-mini-2024-07-18", "gpt-unheard-of", "", "", false},
		{"the spec's own price", "params:", `price: {input: "9", output: "9", cached: "3"}, params:`, "9", "3", false},
		{"the spec's own price of batch", "params: {max_tokens: 100}", `price: {input: "9", output: "9", batch: {input: "4", output: "4"}}, params: {service_tier: batch}`, "4", "", false},
		{"no price of batch", "params: {max_tokens: 100}", `price: {input: "9", output: "9"}, params: {service_tier: batch}`, "", "", false},
	} {
		text := pricedSpec
		if c.old != "" {
			text = strings.Replace(text, c.old, c.with, 1)
		}
		s, err := ParsePriced("spec.yaml", []byte(text), testEnv, table)
		if c.input == "" {
			if err == nil || !strings.Contains(err.Error(), `the price of model "m" is unknown, so a budget in dollars cannot be kept`) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if p := s.Models[0].price(); p.Input != c.input || p.CachedInput != c.cached || (s.PriceTable == table.Version()) != c.listed {
			t.Errorf("%s: %+v, of table %q", c.name, p, s.PriceTable)
		}
		again, err := ParseResolved(s.Resolved())
		if err != nil || again.Models[0].price().Input != c.input {
			t.Errorf("%s: the resolved spec has lost the price: %v", c.name, err)
		}
		if _, err := Rewrite([]byte(text), testEnv, map[string]string{"d.jsonl": "object:0/d.jsonl"}); err != nil {
			t.Errorf("%s: it cannot be submitted: %v", c.name, err)
		}
	}
	if _, err := Parse("spec.yaml", []byte(pricedSpec), testEnv); err == nil {
		t.Error("a price is known without a table")
	}
}
