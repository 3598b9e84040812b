package caller

import (
	"context"
	"errors"
	"sync"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/runs"
	"github.com/crucible-go/crucible/pkg/events"
)

// The causes of the end of a call's context when nobody needs its answer.
var (
	errRunCancelled = errors.New("the run was cancelled")
	errDecided      = errors.New("its query was decided without it")
)

// board knows the calls of one run that are being made here, and gives up those
// that can no longer matter: all when the run is cancelled, those of a query when
// it is decided. One goroutine watches for all of them.
type board struct {
	mu        sync.Mutex
	cancelled bool
	calls     map[string]map[*call]context.CancelCauseFunc // by query
	decided   map[string]bool
	order     []string // of decided, the oldest first

	wanted chan struct{} // closed when somebody waits for verdicts
	once   sync.Once
}

// mostDecided is how many verdicts a board remembers: an order of a query that
// was decided before its turn came is not carried out.
const mostDecided = 65_536

func newBoard() *board {
	return &board{calls: map[string]map[*call]context.CancelCauseFunc{}, decided: map[string]bool{}, wanted: make(chan struct{})}
}

// enter derives a context for a call, which ends when the call can no longer
// matter; leave is to be called when it has been made. A call that takes no time
// is made unless the run was cancelled: whether a verdict came first would be chance.
func (b *board) enter(ctx context.Context, c *call, instant bool) (_ context.Context, leave func()) {
	if !instant {
		b.once.Do(func() { close(b.wanted) })
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	query := c.request.Query
	cause := error(nil)
	switch {
	case b.cancelled:
		cause = errRunCancelled
	case b.decided[query] && !instant:
		cause = errDecided
	case instant:
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	if cause != nil {
		cancel(cause)
		return ctx, func() {}
	}
	if b.calls[query] == nil {
		b.calls[query] = map[*call]context.CancelCauseFunc{}
	}
	b.calls[query][c] = cancel
	return ctx, func() {
		cancel(nil)
		b.mu.Lock()
		defer b.mu.Unlock()
		if delete(b.calls[query], c); len(b.calls[query]) == 0 {
			delete(b.calls, query)
		}
	}
}

// cancelAll gives up every call, those to come too.
func (b *board) cancelAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cancelled = true
	for _, calls := range b.calls {
		for _, cancel := range calls {
			cancel(errRunCancelled)
		}
	}
}

// decide gives up the calls of a query.
func (b *board) decide(query string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.decided[query] {
		return
	}
	b.decided[query] = true
	if b.order = append(b.order, query); len(b.order) > mostDecided {
		delete(b.decided, b.order[0])
		b.order = b.order[1:]
	}
	for _, cancel := range b.calls[query] {
		cancel(errDecided)
	}
}

// watch keeps the board informed until ctx is done. Verdicts are read only once a
// call waits that one could end.
func (b *board) watch(ctx context.Context, log *bus.Bus, r *runs.Run) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-r.CancelRequested():
			b.cancelAll()
		case <-ctx.Done():
		}
	}()
	defer func() { <-done }()
	select {
	case <-b.wanted:
	case <-ctx.Done():
		return nil
	}
	filter := events.Subject{Kind: events.KindVoteDecided, Run: r.ID}.Filter()
	err := log.Replay(ctx, bus.ReplayConfig{Stream: events.RunStream(r.ID), Filter: filter, Follow: true}, func(m *bus.Message) error {
		b.decide(m.Parsed.Query)
		return nil
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}
