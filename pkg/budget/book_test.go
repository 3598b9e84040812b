package budget_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/pkg/budget"
	"github.com/crucible-go/crucible/pkg/money"
)

func usd(t rapid.TB, text string) money.USD {
	t.Helper()
	v, err := money.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestLimitCountsOnlyWhatIsLimited(t *testing.T) {
	l, err := budget.Parse("1.00", 0, 500)
	if err != nil {
		t.Fatal(err)
	}
	if l.String() != "$1, 500 tokens" || l.None() || !(budget.Limit{}).None() || (budget.Limit{}).String() != "no limit" {
		t.Errorf("limit %s", l)
	}
	for _, c := range []struct {
		amount budget.Amount
		want   bool
	}{
		{budget.Amount{}, true},
		{budget.Amount{USD: usd(t, "1"), Calls: 1e9, Tokens: 500}, true},
		{budget.Amount{USD: usd(t, "1.000000000001")}, false},
		{budget.Amount{Tokens: 501}, false},
	} {
		if l.Allows(c.amount) != c.want {
			t.Errorf("%s allows %s: %t", l, c.amount, !c.want)
		}
	}
	if a := l.Counted(budget.Amount{USD: usd(t, "2"), Calls: 3, Tokens: 4}); a.Calls != 0 || a.Tokens != 4 || a.USD.String() != "2" {
		t.Errorf("it counts %s", a)
	}
	for _, wrong := range []struct {
		usd           string
		calls, tokens int64
	}{{"-1", 0, 0}, {"x", 0, 0}, {"1", -1, 0}, {"1", 0, -1}} {
		if _, err := budget.Parse(wrong.usd, wrong.calls, wrong.tokens); err == nil {
			t.Errorf("%+v is a budget", wrong)
		}
	}
}

func TestBookIsText(t *testing.T) {
	want := budget.Amount{USD: usd(t, "0.05"), Calls: 1, Tokens: 99}
	k := budget.Book{Spent: want, Shares: map[string]budget.Share{"a": {Granted: want, Spent: want, Want: &want}}}
	back, err := budget.Read(k.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(k)
	b, _ := json.Marshal(back)
	if string(a) != string(b) {
		t.Errorf("%s became %s", a, b)
	}
	if empty, err := budget.Read(nil); err != nil || empty.Shares == nil || !empty.Given().IsZero() {
		t.Errorf("an empty book: %+v %v", empty, err)
	}
	for _, damaged := range []string{"{", `{"spent":{"usd":"x"}}`} {
		if _, err := budget.Read([]byte(damaged)); err == nil {
			t.Errorf("%s is a book", damaged)
		}
	}
}

func TestReached(t *testing.T) {
	limit := budget.Limit{Calls: 10}
	calls := func(n int64) budget.Amount { return budget.Amount{Calls: n} }
	one := calls(1)
	full := budget.Share{Granted: calls(6), Spent: calls(6)}
	hungry := budget.Share{Granted: calls(4), Spent: calls(4), Want: &one}
	for _, c := range []struct {
		name string
		book budget.Book
		want bool
	}{
		{"nobody waits", budget.Book{Shares: map[string]budget.Share{"a": full}}, false},
		{"all is spent", budget.Book{Shares: map[string]budget.Share{"a": full, "b": hungry}}, true},
		{"all was spent by those who are gone", budget.Book{Spent: calls(6), Shares: map[string]budget.Share{"b": hungry}}, true},
		{"there is room", budget.Book{Spent: calls(5), Shares: map[string]budget.Share{"b": hungry}}, false},
		{"somebody has something to give back", budget.Book{Shares: map[string]budget.Share{"a": {Granted: calls(6), Spent: calls(5)}, "b": hungry}}, false},
		{"a call is under way", budget.Book{Shares: map[string]budget.Share{"a": {Granted: calls(6), Spent: calls(5), Open: one}, "b": hungry}}, false},
	} {
		detail, waiting := c.book.Reached(limit)
		if (detail != "") != c.want || c.want && (detail != "10 calls of 10 calls are spent, and the next call may need 1 calls" || len(waiting) != 1) {
			t.Errorf("%s: %q, waiting %v", c.name, detail, waiting)
		}
	}
}

// Whatever holders take, give back and leave behind, what was given out is never
// more than the limit, and the last of it can be spent.
func TestBlocksStayWithinTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := budget.Limit{
			USD:    money.PerMillion(usd(t, "1"), rapid.Int64Range(1, 1e7).Draw(t, "dollars")),
			Calls:  rapid.Int64Range(0, 200).Draw(t, "calls"),
			Tokens: rapid.Int64Range(0, 1e5).Draw(t, "tokens"),
		}
		k := budget.Book{Shares: map[string]budget.Share{}}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			name := fmt.Sprint(rapid.IntRange(1, 5).Draw(t, "holder"))
			s := k.Shares[name]
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0: // gone, with nothing spent
				k.Bury(name, s.Spent)
			case 1: // gives back
				s.Granted = s.Spent
				k.Shares[name] = s
			default:
				want := limit.Counted(budget.Amount{USD: money.PerMillion(usd(t, "1"), rapid.Int64Range(0, 1e6).Draw(t, "want")), Calls: 1, Tokens: rapid.Int64Range(0, 5000).Draw(t, "of tokens")})
				k.Shares[name] = s
				block, ok := k.Block(limit, want, want.Plus(want))
				if ok != limit.Allows(k.Given().Plus(want)) {
					t.Fatalf("%s of %s given, %s wanted: %t", k.Given(), limit, want, ok)
				}
				if ok {
					if !block.Covers(want) {
						t.Fatalf("a block of %s for %s", block, want)
					}
					s.Granted = s.Granted.Plus(block)
					s.Spent = s.Spent.Plus(want)
					k.Shares[name] = s
				}
			}
			if !limit.Allows(k.Given()) {
				t.Fatalf("%s is given of %s", k.Given(), limit)
			}
		}
	})
}
