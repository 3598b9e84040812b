package money

import (
	"testing"

	"pgregory.net/rapid"
)

func TestRatesPriceEachClassOfTokens(t *testing.T) {
	full, err := NewRates("2.50", "1.25", "10.00", "12")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := NewRates("2.50", "", "10.00", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rates Rates
		Tokens
		want string
	}{
		{full, Tokens{}, "0"},
		{full, Tokens{Input: 1_000_000}, "2.5"},
		{full, Tokens{Input: 1_000_000, CachedInput: 400_000}, "2"},
		{full, Tokens{Output: 1_000_000, Reasoning: 500_000}, "11"},
		{plain, Tokens{Input: 1_000_000, CachedInput: 400_000, Output: 1_000_000, Reasoning: 500_000}, "12.5"},
		{full, Tokens{Input: 1, Output: 1}, "0.0000125"},
		{full, Tokens{Input: 10, CachedInput: 20, Output: -5, Reasoning: 7}, "0.0000125"}, // all ten cached, nothing paid back
	} {
		if got := c.rates.Cost(c.Tokens); got.String() != c.want {
			t.Errorf("%+v cost %s, want %s", c.Tokens, got, c.want)
		}
	}
	for _, wrong := range [][4]string{{"", "", "1", ""}, {"1", "", "", ""}, {"-1", "", "1", ""}, {"1", "x", "1", ""}, {"1", "", "1", "1e3"}} {
		if _, err := NewRates(wrong[0], wrong[1], wrong[2], wrong[3]); err == nil {
			t.Errorf("prices %q are accepted", wrong)
		}
	}
}

// Whatever is cached or reasoning, no request costs more than Most says.
func TestMostIsAnUpperBound(t *testing.T) {
	price := rapid.StringMatching(`[0-9]{1,3}(\.[0-9]{1,6})?`)
	rapid.Check(t, func(t *rapid.T) {
		r, err := NewRates(price.Draw(t, "input"), price.Draw(t, "cached"), price.Draw(t, "output"), price.Draw(t, "reasoning"))
		if err != nil {
			t.Fatal(err)
		}
		in, out := rapid.Int64Range(0, 1e9).Draw(t, "in"), rapid.Int64Range(0, 1e9).Draw(t, "out")
		u := Tokens{
			Input: rapid.Int64Range(-1, in).Draw(t, "used"), Output: rapid.Int64Range(-1, out).Draw(t, "written"),
			CachedInput: rapid.Int64Range(-1, 2e9).Draw(t, "cached"), Reasoning: rapid.Int64Range(-1, 2e9).Draw(t, "hidden"),
		}
		if cost, most := r.Cost(u), r.Most(in, out); cost.Cmp(most) > 0 {
			t.Fatalf("%+v costs %s, more than %s", u, cost, most)
		}
	})
}
