// Package ledger keeps what a run spends within its budget, over any number of
// processes and whatever becomes of them.
//
// Each caller has a share of the run's budget in a book that all of them change
// by compare and set. A call is paid from the caller's own share, without asking
// anybody; the book is written when a share runs out, in blocks. Nothing is asked
// before its worst price is in a share, so a caller that dies takes with it no
// more than its share, which counts as spent until somebody needs it and reads in
// the log what was really started.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/pkg/budget"
	"github.com/crucible-go/crucible/pkg/events"
)

// Config says whose share of what a ledger is.
type Config struct {
	Log    *bus.Bus
	Run    string
	Holder string // this process's life: the nonce of its call.started
	Limit  budget.Limit
	// Trusted reports whether this process still holds its own; nil: always.
	Trusted func() bool
	// DeadAfter is how long a holder's lease must be gone before it counts as
	// dead, by default 7 s: longer than one that lost it goes on trusting it.
	DeadAfter time.Duration
	Logger    zerolog.Logger
}

const (
	deadAfter = 7 * time.Second
	look      = time.Second            // how often a ledger looks again while calls wait
	trustLook = 100 * time.Millisecond // while this process's own lease is not there yet
	idleLook  = 10 * time.Second       // while nothing waits
	closing   = 5 * time.Second        // for the last word
)

// Presence names the lease that a caller holds as long as it lives, by which
// others know that it does.
func Presence(holder string) string { return "caller_" + holder }

// ErrStopped ends the waiting for a budget when this process stops.
var ErrStopped = errors.New("stopped while waiting for the budget")

// Ledger is this process's share of a run's budget. A nil one has no limit. Its
// methods may be used concurrently.
type Ledger struct {
	Config
	cell *bus.Cell
	wake chan struct{} // 1: there is something to do

	mu      sync.Mutex
	granted budget.Amount
	spent   budget.Amount
	open    budget.Amount
	epoch   int // counts the times that others have taken this process for dead
	waiters []*waiter
	hungry  bool // another holder waits for what this one does not need
	stopped bool

	wrote atomic.Uint64 // the revision of the book that this process wrote last

	// Of the goroutine of Keep:
	told   *budget.Share        // what the book says of this holder, nil for nothing
	absent map[string]time.Time // holders without a lease, since when
	looked time.Time            // when holders were last looked for
}

type waiter struct {
	need  budget.Amount
	ready chan struct{}
	r     *Reservation // once ready is closed; nil: stopped
}

// Reservation is what one attempt may cost. A nil one has no limit.
type Reservation struct {
	ledger *Ledger
	need   budget.Amount
	epoch  int
}

// Open returns the ledger of a run, nil if it has no limit. It does nothing
// before Keep.
func Open(c Config) (*Ledger, error) {
	if c.Limit.None() {
		return nil, nil //nolint:nilnil // a nil ledger works: it has no limit
	}
	if c.Trusted == nil {
		c.Trusted = func() bool { return true }
	}
	if c.DeadAfter == 0 {
		c.DeadAfter = deadAfter
	}
	cell, err := c.Log.Cell(CellName(c.Run))
	if err != nil {
		return nil, fmt.Errorf("ledger of run %s: %w", c.Run, err)
	}
	return &Ledger{Config: c, cell: cell, wake: make(chan struct{}, 1), absent: map[string]time.Time{}}, nil
}

// CellName names the cell that holds the book of a run.
func CellName(run string) string { return "budget_" + events.H(run) }

// Reserve takes the worst price of an attempt out of the budget, and waits while
// there is no room for it. It returns the cause of ctx when that ends first, and
// ErrStopped when the process stops.
func (l *Ledger) Reserve(ctx context.Context, need budget.Amount) (*Reservation, error) {
	if l == nil {
		return nil, nil //nolint:nilnil // no limit
	}
	l.mu.Lock()
	need = l.Limit.Counted(need)
	if r := l.take(need); r != nil {
		l.mu.Unlock()
		return r, nil
	}
	if l.stopped {
		l.mu.Unlock()
		return nil, ErrStopped
	}
	w := &waiter{need: need, ready: make(chan struct{})}
	l.waiters = append(l.waiters, w)
	l.mu.Unlock()
	l.poke()
	select {
	case <-w.ready:
	case <-ctx.Done():
		if r := l.leave(w); r != nil { // it came at the same moment
			r.Settle(budget.Amount{})
		}
		return nil, context.Cause(ctx)
	}
	if w.r == nil {
		return nil, ErrStopped
	}
	return w.r, nil
}

// Try is Reserve for an attempt that need not be made: false when this process's
// share has no room for it.
func (l *Ledger) Try(need budget.Amount) (*Reservation, bool) {
	if l == nil {
		return nil, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.take(l.Limit.Counted(need))
	return r, r != nil
}

// take reserves from this process's share, in the order of asking; nil if that
// has no room. l.mu is held.
func (l *Ledger) take(need budget.Amount) *Reservation {
	if len(l.waiters) > 0 || l.stopped || !l.fits(need) {
		return nil
	}
	l.open = l.open.Plus(need)
	return &Reservation{l, need, l.epoch}
}

func (l *Ledger) fits(need budget.Amount) bool {
	return l.granted.Covers(l.spent.Plus(l.open).Plus(need)) && l.Trusted()
}

// leave takes back a waiter, or returns what it was given meanwhile.
func (l *Ledger) leave(w *waiter) *Reservation {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, other := range l.waiters {
		if other == w {
			l.waiters = append(l.waiters[:i], l.waiters[i+1:]...)
			return nil
		}
	}
	return w.r
}

// Settle says what the attempt cost instead of what was reserved for it.
func (r *Reservation) Settle(spent budget.Amount) {
	if r == nil {
		return
	}
	l := r.ledger
	l.mu.Lock()
	if r.epoch == l.epoch { // else somebody has counted it at its worst
		l.open = l.open.Minus(r.need)
		l.spent = l.spent.Plus(l.Limit.Counted(spent))
	}
	awaited := len(l.waiters) > 0 || l.hungry
	l.mu.Unlock()
	if awaited {
		l.poke()
	}
}

// Charge counts what was spent without a reservation.
func (l *Ledger) Charge(spent budget.Amount) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spent = l.spent.Plus(l.Limit.Counted(spent))
}

// Limited replaces the limit.
func (l *Ledger) Limited(limit budget.Limit) {
	if l == nil {
		return
	}
	l.mu.Lock()
	l.Limit = limit
	l.mu.Unlock()
	l.poke()
}

// Poke makes the ledger look again at what it depends on, such as Trusted.
func (l *Ledger) Poke() {
	if l != nil {
		l.poke()
	}
}

func (l *Ledger) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// CountsMoney reports whether the limit is one of dollars.
func (l *Ledger) CountsMoney() bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.Limit.USD.IsZero()
}
