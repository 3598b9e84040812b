// Package budget divides a limit of dollars, calls and tokens among processes, so
// that what they spend together stays within it whatever becomes of them.
package budget

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/crucible-go/crucible/pkg/money"
)

// Amount is dollars, requests to models and tokens.
type Amount struct {
	USD    money.USD
	Calls  int64
	Tokens int64
}

// Plus adds amounts.
func (a Amount) Plus(b Amount) Amount {
	return Amount{a.USD.Add(b.USD), a.Calls + b.Calls, a.Tokens + b.Tokens}
}

// Minus subtracts an amount; the parts of the result may be negative.
func (a Amount) Minus(b Amount) Amount {
	return Amount{a.USD.Sub(b.USD), a.Calls - b.Calls, a.Tokens - b.Tokens}
}

// IsZero reports whether there is nothing of anything.
func (a Amount) IsZero() bool { return a.USD.IsZero() && a.Calls == 0 && a.Tokens == 0 }

// String is all of the amount.
func (a Amount) String() string {
	return fmt.Sprintf("$%s, %d calls, %d tokens", a.USD, a.Calls, a.Tokens)
}

// Covers reports whether every part of b is at most that of a.
func (a Amount) Covers(b Amount) bool {
	return a.USD.Cmp(b.USD) >= 0 && a.Calls >= b.Calls && a.Tokens >= b.Tokens
}

// less orders amounts by dollars, then tokens, then calls.
func (a Amount) less(b Amount) bool {
	switch c := a.USD.Cmp(b.USD); {
	case c != 0:
		return c < 0
	case a.Tokens != b.Tokens:
		return a.Tokens < b.Tokens
	}
	return a.Calls < b.Calls
}

// Smallest is the smallest of some amounts, none of them included.
func Smallest(amounts []Amount) (least Amount) {
	for i, a := range amounts {
		if i == 0 || a.less(least) {
			least = a
		}
	}
	return least
}

type amountJSON struct {
	USD    string `json:"usd"`
	Calls  int64  `json:"calls"`
	Tokens int64  `json:"tokens"`
}

// MarshalJSON writes dollars as a decimal string.
func (a Amount) MarshalJSON() ([]byte, error) {
	return json.Marshal(amountJSON{a.USD.String(), a.Calls, a.Tokens})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (a *Amount) UnmarshalJSON(b []byte) error {
	var v amountJSON
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	usd, err := money.Parse(v.USD)
	if err != nil {
		return err
	}
	*a = Amount{usd, v.Calls, v.Tokens}
	return nil
}

// Limit is the most that may be spent. A part that is zero is no limit.
type Limit Amount

// None reports whether there is no limit at all.
func (l Limit) None() bool { return Amount(l).IsZero() }

// Allows reports whether an amount is within the limit.
func (l Limit) Allows(a Amount) bool {
	return (l.USD.IsZero() || l.USD.Cmp(a.USD) >= 0) && (l.Calls == 0 || l.Calls >= a.Calls) && (l.Tokens == 0 || l.Tokens >= a.Tokens)
}

// Counted clears the parts of an amount that have no limit: nobody counts them.
func (l Limit) Counted(a Amount) Amount {
	if l.USD.IsZero() {
		a.USD = money.USD{}
	}
	if l.Calls == 0 {
		a.Calls = 0
	}
	if l.Tokens == 0 {
		a.Tokens = 0
	}
	return a
}

// String names the parts that are limited.
func (l Limit) String() string { return l.Text(Amount(l)) }

// Text names the parts of an amount that are limited.
func (l Limit) Text(a Amount) string {
	var parts []string
	if !l.USD.IsZero() {
		parts = append(parts, "$"+a.USD.String())
	}
	if l.Calls != 0 {
		parts = append(parts, fmt.Sprintf("%d calls", a.Calls))
	}
	if l.Tokens != 0 {
		parts = append(parts, fmt.Sprintf("%d tokens", a.Tokens))
	}
	if parts == nil {
		return "no limit"
	}
	return strings.Join(parts, ", ")
}

// Parse reads a limit from its parts.
func Parse(usd string, calls, tokens int64) (Limit, error) {
	l := Limit{Calls: calls, Tokens: tokens}
	if usd != "" {
		v, err := money.Parse(usd)
		if err != nil {
			return Limit{}, fmt.Errorf("budget: %w", err)
		}
		l.USD = v
	}
	if l.USD.Cmp(money.USD{}) < 0 || calls < 0 || tokens < 0 {
		return Limit{}, fmt.Errorf("budget: %s is negative", l)
	}
	return l, nil
}
