package voter

import (
	"context"
	"time"
)

// elapsed is the time since the first call of a hedged query began, below 0 where
// no clock says it: nothing was started yet, or the latencies alone count.
func (f *fold) elapsed(q *query) int64 {
	if q.rule.offline || q.began.IsZero() {
		return -1
	}
	return max(0, int64(f.Now().Sub(q.began)))
}

// wait has a query looked at again when a backup falls due.
func (f *fold) wait(id string, due time.Time) {
	if f.due[id].Equal(due) {
		return
	}
	f.due[id] = due
	select {
	case f.later <- struct{}{}:
	default:
	}
}

// backups looks at hedged queries again when their backups fall due, until ctx is
// done.
func (f *fold) backups(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(f.untilDue())
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.later:
		case <-timer.C:
		}
		if err := f.overdue(ctx); err != nil {
			return err
		}
	}
}

// untilDue is the time until the next backup falls due.
func (f *fold) untilDue() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	next, now := time.Hour, f.Now()
	for _, due := range f.due {
		next = min(next, due.Sub(now))
	}
	return max(0, next)
}

// overdue decides on the queries whose backups are due, once what was in the log
// at the start has been read.
func (f *fold) overdue(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.live {
		return nil
	}
	now := f.Now()
	for id, due := range f.due { // in any order: each query stands alone
		if due.After(now) {
			continue
		}
		delete(f.due, id)
		if q := f.queries[id]; q != nil {
			if err := f.decide(ctx, id, q); err != nil {
				return err
			}
		}
	}
	return nil
}
