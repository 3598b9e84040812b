package budget

import (
	"encoding/json"
	"fmt"
)

// Book says who may spend what of a limit. Holders take shares in blocks, large
// as long as much is left, so that most calls are paid from a holder's own share
// and ask nobody.
type Book struct {
	// Spent is what holders that are gone have spent.
	Spent Amount `json:"spent"`
	// Shares are those of the holders that are there, by their names.
	Shares map[string]Share `json:"shares"`
}

// Share is what one holder may spend in all, and what it said last of it: the
// rest of Granted, beyond Spent and Open, is free as far as anybody else knows.
type Share struct {
	Granted Amount `json:"granted"`
	Spent   Amount `json:"spent"`
	// Open is reserved for calls that are under way.
	Open Amount `json:"open"`
	// Want is what the smallest call needs for which the limit has no room; nil
	// if none waits.
	Want *Amount `json:"want,omitempty"`
}

// blocks is into how many blocks each holder's part of what is left is divided:
// the last dollars are given out in small ones.
const blocks = 4

// Read reads a book as Bytes writes it; nothing is an empty one.
func Read(b []byte) (Book, error) {
	k := Book{}
	if len(b) > 0 {
		if err := json.Unmarshal(b, &k); err != nil {
			return Book{}, fmt.Errorf("book of a budget: %w", err)
		}
	}
	if k.Shares == nil {
		k.Shares = map[string]Share{}
	}
	return k, nil
}

// Bytes is the book as text.
func (k Book) Bytes() []byte {
	b, err := json.Marshal(k)
	if err != nil {
		panic("budget: " + err.Error()) // numbers and texts
	}
	return b
}

// Given is what was spent or given out.
func (k Book) Given() Amount {
	sum := k.Spent
	for _, s := range k.Shares {
		sum = sum.Plus(s.Granted)
	}
	return sum
}

// Hungry reports whether a holder other than this one waits for what the others
// do not need.
func (k Book) Hungry(me string) bool {
	for name, s := range k.Shares {
		if name != me && s.Want != nil {
			return true
		}
	}
	return false
}

// Block is what a holder that needs want now, and all in the long run, may add to
// its share; false if the limit has no room for want.
func (k Book) Block(l Limit, want, all Amount) (Amount, bool) {
	given := k.Given()
	if !l.Allows(given.Plus(want)) {
		return Amount{}, false
	}
	left := l.Counted(Amount(l).Minus(given))
	n := int64(blocks * max(2, len(k.Shares)))
	block := Amount{USD: left.USD.Div(n), Calls: left.Calls / n, Tokens: left.Tokens / n}
	if whole := l.Counted(all); left.Covers(whole.Plus(whole)) { // there is plenty: once for all that wait
		block = larger(block, whole)
	}
	return larger(block, l.Counted(want)), true
}

// larger has the larger of each part.
func larger(a, b Amount) Amount {
	if a.USD.Cmp(b.USD) < 0 {
		a.USD = b.USD
	}
	return Amount{a.USD, max(a.Calls, b.Calls), max(a.Tokens, b.Tokens)}
}

// Reached says, if the limit is reached, how; "" if it is not. It is reached when
// a holder waits, nobody has anything to give back and nothing is under way that
// might cost less than was reserved for it.
func (k Book) Reached(l Limit) (detail string, waiting []string) {
	var wants []Amount
	for name, s := range k.Shares {
		if !s.Open.IsZero() || !s.Granted.Minus(s.Spent).IsZero() {
			return "", nil
		}
		if s.Want != nil {
			wants = append(wants, *s.Want)
			waiting = append(waiting, name)
		}
	}
	if len(wants) == 0 {
		return "", nil
	}
	given, want := k.Given(), Smallest(wants)
	if l.Allows(given.Plus(want)) {
		return "", nil
	}
	return fmt.Sprintf("%s of %s are spent, and the next call may need %s", l.Text(given), l, l.Text(want)), waiting
}

// Bury ends the share of a holder that is gone and is known to have spent so
// much.
func (k *Book) Bury(name string, spent Amount) {
	delete(k.Shares, name)
	k.Spent = k.Spent.Plus(spent)
}
