package prices_test

import (
	"strings"
	"testing"

	"github.com/crucible-go/crucible/pkg/prices"
)

func TestBuiltinTable(t *testing.T) {
	table := prices.Builtin()
	if table.Len() < 20 || !strings.HasPrefix(table.Version(), "2026-11-01+") {
		t.Errorf("%d models, version %s", table.Len(), table.Version())
	}
	for _, c := range []struct{ provider, model, input, output string }{
		{"openai", "gpt-4o-mini", "0.15", "0.60"},
		{"openai", "gpt-4o-mini-2024-07-18", "0.15", "0.60"},
		{"openai", "gpt-4o", "2.50", "10.00"},
		{"openai", "gpt-4o-2024-08-06", "2.50", "10.00"},
		{"openai", "gpt-4o-2024-05-13", "5.00", "15.00"}, // its own price
		{"anthropic", "claude-haiku-4-5-20251001", "1.00", "5.00"},
		{"anthropic", "claude-opus-4-20250514", "15.00", "75.00"},
		{"anthropic", "claude-opus-4-0", "15.00", "75.00"},
		{"anthropic", "claude-opus-4-5", "5.00", "25.00"},
		{"anthropic", "claude-3-5-haiku-latest", "0.80", "4.00"},
		{"google", "gemini-2.0-flash-001", "0.10", "0.40"},
	} {
		e, ok := table.Find(c.provider, c.model)
		if !ok || e.Input != c.input || e.Output != c.output {
			t.Errorf("%s of %s costs %+v, want %s and %s", c.model, c.provider, e, c.input, c.output)
		}
	}
	for _, unknown := range [][2]string{
		{"openai", "gpt-4o-audio-preview"}, {"openai", "gpt-4o-mini-search"}, {"openai", "gpt"}, {"openai", ""}, {"openai", "-"},
		{"anthropic", "gpt-4o"}, {"exec", "gpt-4o"}, {"openai", "gpt-4o-2024-08"}, {"openai", "gpt-4-0613"},
	} {
		if e, ok := table.Find(unknown[0], unknown[1]); ok {
			t.Errorf("%s of %s has the price of %s", unknown[1], unknown[0], e.Model)
		}
	}
}

func TestListed(t *testing.T) {
	for address, want := range map[string]bool{
		"": true, "https://api.openai.com/v1": true, "https://api.openai.com": true,
		"http://api.openai.com/v1": false, "https://api.openai.com.example.org/v1": false, "http://127.0.0.1:8000/v1": false, "https://openrouter.ai/api/v1": false,
	} {
		if prices.Listed("openai", address) != want {
			t.Errorf("list prices at %q: %t", address, !want)
		}
	}
	if prices.Listed("exec", "") || prices.Listed("http", "") {
		t.Error("a provider of one's own has list prices")
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no version":     `models: []`,
		"an unknown key": "version: a\nmodels: [{provider: p, model: m, input: \"1\", output: \"1\", per: token}]",
		"no output":      "version: a\nmodels: [{provider: p, model: m, input: \"1\"}]",
		"a negative":     "version: a\nmodels: [{provider: p, model: m, input: \"-1\", output: \"1\"}]",
		"a wrong batch":  "version: a\nmodels: [{provider: p, model: m, input: \"1\", output: \"1\", batch: {input: \"1\"}}]",
		"a model twice":  "version: a\nmodels: [{provider: p, model: m, input: \"1\", output: \"1\"}, {provider: p, model: n, aliases: [m], input: \"1\", output: \"1\"}]",
		"no provider":    "version: a\nmodels: [{model: m, input: \"1\", output: \"1\"}]",
		"no YAML":        "{",
	} {
		if _, err := prices.Parse(text); err == nil {
			t.Errorf("a table with %s is read", name)
		}
	}
	json := `{"version": "mine", "models": [{"provider": "openai", "model": "m", "input": "1", "output": "2", "reasoning": "3"}]}`
	table, err := prices.Parse(json)
	if err != nil {
		t.Fatal(err)
	}
	if e, ok := table.Find("openai", "m"); !ok || e.Reasoning != "3" || table.Text() != json {
		t.Errorf("%+v", e)
	}
	other, err := prices.Parse(json + " ")
	if err != nil || other.Version() == table.Version() {
		t.Errorf("another text has the version %s, too: %v", table.Version(), err)
	}
}
