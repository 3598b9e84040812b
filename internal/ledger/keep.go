package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/pkg/budget"
)

// Keep keeps the share until ctx is done. From then on nothing is reserved.
func (l *Ledger) Keep(ctx context.Context) error {
	if l == nil {
		return nil
	}
	defer l.stop()
	unwatch, err := l.cell.Watch(l.heard)
	if err != nil {
		return fmt.Errorf("ledger of run %s: %w", l.Run, err)
	}
	defer unwatch()
	timer := time.NewTimer(look)
	defer timer.Stop()
	for ctx.Err() == nil {
		again, err := l.step(ctx)
		if err != nil && ctx.Err() == nil {
			l.Logger.Warn().Err(err).Str("run", l.Run).Msg("the book of the budget cannot be read or written: calls wait")
		}
		timer.Reset(again)
		select {
		case <-l.wake:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return nil
}

// stop sends away whoever waits.
func (l *Ledger) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	for _, w := range l.waiters {
		close(w.ready)
	}
	l.waiters = nil
}

// heard reads a book that somebody has written.
func (l *Ledger) heard(value []byte, revision uint64) {
	if revision <= l.wrote.Load() {
		return
	}
	book, err := budget.Read(value)
	if err != nil {
		return // the next step says so
	}
	l.mu.Lock()
	l.hungry = book.Hungry(l.Holder)
	concerned := l.hungry || len(l.waiters) > 0
	l.mu.Unlock()
	if concerned {
		l.poke()
	}
}

// step does what there is to do, and returns when to look again.
func (l *Ledger) step(ctx context.Context) (time.Duration, error) {
	l.mu.Lock()
	l.serve()
	waiting, hungry, trusted := len(l.waiters) > 0, l.hungry, l.Trusted()
	l.mu.Unlock()
	if waiting && !trusted {
		return trustLook, nil
	}
	if !waiting && !hungry && l.told == nil {
		return idleLook, nil
	}
	value, revision, err := l.cell.Load(ctx)
	if err != nil {
		return look, err
	}
	book, err := budget.Read(value)
	if err != nil {
		return look, err
	}
	share, granted := l.decide(&book)
	if l.told == nil && share.Granted.IsZero() && share.Want == nil {
		return idleLook, nil // it needs nothing and has nothing
	}
	if l.told == nil || !same(*l.told, share) {
		again, err := l.write(ctx, book, revision, share, granted)
		if again > 0 || err != nil {
			return again, err
		}
	}
	l.mu.Lock()
	waiting = len(l.waiters) > 0
	l.mu.Unlock()
	if !waiting {
		return idleLook, nil
	}
	return look, l.bury(ctx)
}

// decide adopts what the book says of this holder, and returns what it is to say
// and what the holder may spend once it does.
func (l *Ledger) decide(book *budget.Book) (budget.Share, budget.Amount) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if mine, ok := book.Shares[l.Holder]; ok {
		l.granted, l.told = mine.Granted, &mine
	} else if l.told != nil { // others took this process for dead, and have counted all of it
		l.granted, l.spent, l.open, l.told = budget.Amount{}, budget.Amount{}, budget.Amount{}, nil
		l.epoch++
	}
	l.hungry = book.Hungry(l.Holder)
	l.serve()
	used := l.spent.Plus(l.open)
	share := budget.Share{Granted: l.granted, Spent: l.spent, Open: l.open}
	switch {
	case len(l.waiters) > 0:
		share.Granted = used
		book.Shares[l.Holder] = share
		want, all := l.wanted()
		if block, ok := book.Block(l.Limit, want, all); ok {
			share.Granted = used.Plus(block)
		} else {
			share.Want = &want
		}
	case l.hungry:
		share.Granted = used
	case l.told != nil && l.told.Want == nil:
		share = *l.told // nobody needs to know better
	}
	granted := share.Granted
	if !granted.Covers(l.granted) || len(l.waiters) > 0 { // what is given back is not spent while it is on its way
		l.granted = used
	}
	book.Shares[l.Holder] = share
	return share, granted
}

// wanted is the smallest need of a waiter, and that of all of them.
func (l *Ledger) wanted() (least, all budget.Amount) {
	needs := make([]budget.Amount, len(l.waiters))
	for i, w := range l.waiters {
		needs[i] = w.need
		all = all.Plus(w.need)
	}
	return budget.Smallest(needs), all
}

// write stores the book; when that must be tried again, it says when.
func (l *Ledger) write(ctx context.Context, book budget.Book, revision uint64, share budget.Share, granted budget.Amount) (time.Duration, error) {
	written, err := l.cell.Store(ctx, book.Bytes(), revision)
	if errors.Is(err, bus.ErrChanged) {
		return time.Millisecond, nil
	}
	if err != nil {
		l.told = &budget.Share{} // nobody knows: the next step reads it
		return look, err
	}
	l.wrote.Store(written)
	l.told = &share
	l.mu.Lock()
	defer l.mu.Unlock()
	l.granted = granted
	l.serve()
	return 0, nil
}

// serve gives those who wait what they need, as far as the share has room, in
// the order of asking; a small need need not wait for a large one. l.mu is held.
func (l *Ledger) serve() {
	kept := l.waiters[:0]
	for _, w := range l.waiters {
		if !l.fits(w.need) {
			kept = append(kept, w)
			continue
		}
		l.open = l.open.Plus(w.need)
		w.r = &Reservation{l, w.need, l.epoch}
		close(w.ready)
	}
	clear(l.waiters[len(kept):])
	l.waiters = kept
}

// bury ends the shares of holders that are gone, by what the log says of them.
func (l *Ledger) bury(ctx context.Context) error {
	now := time.Now()
	if now.Sub(l.looked) < look {
		return nil
	}
	l.looked = now
	value, revision, err := l.cell.Load(ctx)
	if err != nil {
		return err
	}
	book, err := budget.Read(value)
	if err != nil {
		return err
	}
	dead, err := l.dead(ctx, book, now)
	if err != nil || len(dead) == 0 {
		return err
	}
	spending, err := Read(ctx, l.Log, l.Run)
	if err != nil {
		return err
	}
	l.mu.Lock()
	limit := l.Limit
	l.mu.Unlock()
	for _, name := range dead {
		spent := limit.Counted(spending.Holders[name])
		l.Logger.Info().Str("run", l.Run).Str("holder", name).Stringer("spent", spent).Msg("a caller is gone; what it had started counts as spent")
		book.Bury(name, spent)
		delete(l.absent, name)
	}
	if _, err := l.cell.Store(ctx, book.Bytes(), revision); err != nil && !errors.Is(err, bus.ErrChanged) {
		return err
	}
	l.poke()
	return nil
}

// dead are the holders whose lease has been gone for long enough, each time that
// somebody looked.
func (l *Ledger) dead(ctx context.Context, book budget.Book, now time.Time) ([]string, error) {
	var dead []string
	for name := range book.Shares {
		if name == l.Holder {
			continue
		}
		held, err := l.Log.Held(ctx, Presence(name))
		if err != nil {
			return nil, err
		}
		since, known := l.absent[name]
		switch {
		case held:
			delete(l.absent, name)
		case !known:
			l.absent[name] = now
		case now.Sub(since) >= l.DeadAfter:
			dead = append(dead, name)
		}
	}
	return dead, nil
}

// Close gives back what is left, once nothing is under way any more and Keep has
// returned. What it cannot say is found in the log by whoever needs it.
func (l *Ledger) Close() {
	if l == nil || l.told == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	for {
		value, revision, err := l.cell.Load(ctx)
		if err != nil {
			break
		}
		book, err := budget.Read(value)
		if _, there := book.Shares[l.Holder]; err != nil || !there {
			return
		}
		l.mu.Lock()
		book.Bury(l.Holder, l.spent.Plus(l.open))
		l.mu.Unlock()
		if _, err = l.cell.Store(ctx, book.Bytes(), revision); err == nil {
			return
		} else if !errors.Is(err, bus.ErrChanged) {
			break
		}
	}
	l.Logger.Debug().Str("run", l.Run).Msg("the share of the budget was not given back; others find in the log what was spent")
}

// same reports whether two shares say the same.
func same(a, b budget.Share) bool {
	if !a.Granted.Minus(b.Granted).IsZero() || !a.Spent.Minus(b.Spent).IsZero() || !a.Open.Minus(b.Open).IsZero() {
		return false
	}
	if a.Want == nil || b.Want == nil {
		return a.Want == b.Want
	}
	return a.Want.Minus(*b.Want).IsZero()
}
