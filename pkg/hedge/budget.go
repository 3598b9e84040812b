package hedge

import "sync/atomic"

// Budget bounds extra calls, whatever a strategy wants: a bucket into which each
// first copy puts its share of a token, and from which each backup or retry takes
// a whole one. So over any stretch of calls the extra ones are at most
//
//	rate · calls + burst
//
// also when every call is slow at once, which is when backups would make an
// outage worse. It fills by calls, not by time: nothing is saved up while nothing
// is asked. It is safe for concurrent use and takes no lock.
type Budget struct {
	share  int64 // millionths of a token for each first copy
	most   int64
	tokens atomic.Int64
}

// token is one extra call, in millionths.
const token = 1_000_000

// NewBudget returns a budget of rate extra calls for each first copy, of which at
// most burst are saved up. It starts empty. A nil budget refuses nothing.
func NewBudget(rate float64, burst int) *Budget {
	return &Budget{share: int64(rate*token + 1e-6), most: int64(max(burst, 1)) * token}
}

// Earn notes a first copy.
func (b *Budget) Earn() {
	if b != nil {
		b.add(b.share)
	}
}

// Take asks for one extra call and reports whether there is one.
func (b *Budget) Take() bool {
	if b == nil {
		return true
	}
	for {
		now := b.tokens.Load()
		if now < token {
			return false
		}
		if b.tokens.CompareAndSwap(now, now-token) {
			return true
		}
	}
}

// Return gives back what Take gave for a call that was not made.
func (b *Budget) Return() {
	if b != nil {
		b.add(token)
	}
}

// Spend notes an extra call that is made whether or not there is a token, such as
// the retry of one that failed. Backups then wait until calls have earned it: at
// most a burst of such debts is kept, so that an outage is forgotten in the end.
func (b *Budget) Spend() {
	if b != nil {
		b.add(-token)
	}
}

// add adds to the tokens in one step, within what may be saved up or owed: at no
// moment does anyone see more.
func (b *Budget) add(tokens int64) {
	for {
		now := b.tokens.Load()
		if b.tokens.CompareAndSwap(now, min(max(now+tokens, -b.most), b.most)) {
			return
		}
	}
}
