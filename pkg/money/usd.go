// Package money computes with US dollars exactly. An amount is a decimal number
// with at most twelve places after the point, so that the price of one token is
// exact and a sum over millions of calls does not depend on its order.
package money

import (
	"errors"
	"fmt"

	"github.com/shopspring/decimal"
)

// Places is the number of decimal places that an amount keeps.
const Places = 12

// maxText bounds the text of an amount: with twelve places it leaves room for
// far more dollars than there are.
const maxText = 48

// ErrSyntax is wrapped by the error of Parse for text that is not an amount.
var ErrSyntax = errors.New("not an amount in dollars")

// USD is an amount of US dollars, possibly negative. The zero value is no money.
// Amounts are compared with Cmp: == also compares how they are held.
type USD struct{ d decimal.Decimal }

// Parse reads an amount written in plain decimal notation: an optional sign,
// digits, and optionally a point with one to twelve digits. Exponents, spaces,
// separators and currency signs are refused, and so is a thirteenth decimal
// place: a price is never rounded silently.
func Parse(s string) (USD, error) {
	if s == "0" {
		return USD{}, nil
	}
	if err := check(s); err != nil {
		return USD{}, fmt.Errorf("money: parse %q: %w", clip(s), err)
	}
	d, err := decimal.NewFromString(s)
	if err != nil {
		return USD{}, fmt.Errorf("money: parse %q: %w", clip(s), ErrSyntax)
	}
	return USD{d}, nil
}

// check says whether s has the notation that Parse promises.
func check(s string) error {
	if len(s) > maxText {
		return fmt.Errorf("%w: longer than %d characters", ErrSyntax, maxText)
	}
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	whole, rest := digits(s)
	if whole == 0 {
		return ErrSyntax
	}
	if rest == "" {
		return nil
	}
	if rest[0] != '.' {
		return ErrSyntax
	}
	places, rest := digits(rest[1:])
	switch {
	case places == 0 || rest != "":
		return ErrSyntax
	case places > Places:
		return fmt.Errorf("%w: more than %d decimal places", ErrSyntax, Places)
	}
	return nil
}

// digits counts the digits that s starts with and returns what follows them.
func digits(s string) (n int, rest string) {
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n, s[n:]
}

// clip shortens text for an error message.
func clip(s string) string {
	if len(s) > maxText {
		return s[:maxText] + "…"
	}
	return s
}

// String returns the canonical text: no exponent, no trailing zeros, no plus
// sign, "0" for nothing. Equal amounts have equal texts, and Parse reads it.
func (u USD) String() string {
	if u.d.IsZero() {
		return "0"
	}
	return u.d.String()
}

// Add returns u + v, exactly.
func (u USD) Add(v USD) USD {
	switch {
	case v.d.IsZero():
		return u
	case u.d.IsZero():
		return v
	}
	return USD{u.d.Add(v.d)}
}

// Sub returns u − v, exactly.
func (u USD) Sub(v USD) USD {
	if v.d.IsZero() {
		return u
	}
	return USD{u.d.Sub(v.d)}
}

// Div returns u divided by n parts, rounded towards zero at the twelfth decimal
// place: n of them are never more than u. It panics if n is not positive.
func (u USD) Div(n int64) USD {
	if n <= 0 {
		panic("money: an amount in no parts")
	}
	q, _ := u.d.QuoRem(decimal.NewFromInt(n), Places)
	return USD{q}
}

// Cmp returns −1, 0 or +1 as u is less than, equal to or greater than v.
func (u USD) Cmp(v USD) int { return u.d.Cmp(v.d) }

// IsZero reports whether u is no money.
func (u USD) IsZero() bool { return u.d.IsZero() }

// Float64 returns the nearest float64, for statistics; never for sums.
func (u USD) Float64() float64 {
	f, _ := u.d.Float64()
	return f
}

// PerMillion returns what tokens cost at a price per million tokens, rounded
// half to even at the twelfth decimal place.
func PerMillion(price USD, tokens int64) USD {
	if tokens == 0 || price.d.IsZero() {
		return USD{}
	}
	return USD{price.d.Mul(decimal.NewFromInt(tokens)).Shift(-6).RoundBank(Places)}
}
