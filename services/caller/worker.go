package caller

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/crucible-go/crucible/internal/answers"
	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/ledger"
	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/internal/runs"
	"github.com/crucible-go/crucible/pkg/events"
)

// worker makes the calls of one run in one pool.
type worker struct {
	*caller
	run     *runs.Run
	pool    *pool
	pools   map[string]*pool // of the run that are served here
	board   *board
	funds   *ledger.Ledger // of the run's budget; nil: it has none
	answers answers.Store  // nil: none are kept
}

// served is the run's pool of the name, nil if another caller serves it.
func (w *worker) served(name string) *pool { return w.pools[name] }

// handle turns an order into its terminal fact. An error leaves the order with
// the log, to be delivered again.
func (w *worker) handle(ctx context.Context, m *bus.Message) error {
	ev, err := w.Log.Decode(ctx, m)
	if err != nil {
		return bus.Malformed(err)
	}
	if !w.claim(ev.Call) {
		return bus.RetryAfter(w.AckWait, errors.New("the call is being made by this caller"))
	}
	defer w.release(ev.Call)
	c := &call{worker: w, request: ev, order: ev.Data.(*events.CallRequested), next: 1}
	if m.Maybe {
		if done, err := c.history(ctx); done || err != nil {
			return err
		}
	}
	key := c.key()
	if fact := c.remembered(ctx, key); fact != nil {
		return c.complete(ctx, fact)
	}
	ask, leave := w.board.enter(ctx, c, c.order.Virtual || c.order.Provider == provider.NameRecorded)
	defer leave()
	fact, err := c.make(ask)
	if err != nil {
		return err
	}
	if err := c.complete(ctx, fact); err != nil {
		return err
	}
	c.remember(ctx, key, fact)
	return nil
}

// unprocessable gives an order that nobody could carry out its terminal fact,
// so that the run goes on.
func (w *worker) unprocessable(ctx context.Context, m *bus.Message, cause error) {
	s := m.Parsed
	ev := events.About(events.CompletedSubject(s.Run, s.Query, s.Call), w.source(), events.EventID(m.Subject), w.Now())
	ev.Data = &events.CallCompleted{
		Outcome:   events.CallFailed,
		Role:      events.RoleAnswer,
		Failure:   &events.Failure{Class: provider.ClassUnprocessable, Message: cause.Error()},
		CostUSD:   "0",
		CostKnown: true,
	}
	if _, err := w.Log.PublishEvents(ctx, &ev); err != nil {
		w.Logger.Error().Err(err).Str("run", s.Run).Str("event", ev.ID).Msg("a dead order has no terminal fact")
	}
}

func (c *caller) source() string { return "caller/" + c.Instance }

// call is one order on its way to its terminal fact.
type call struct {
	*worker
	request events.Event
	order   *events.CallRequested

	virtual int64 // time so far on the virtual clock

	mu        sync.Mutex // of what follows: attempts may be under way side by side
	next      int        // the number of the next attempt
	draws     int        // attempts made in this life of the call
	attempts  []events.Attempt
	began     time.Time // when the first attempt left; zero before
	waited    time.Duration
	backedOff time.Duration // before the attempt to come
	unpriced  bool          // an attempt may have cost what nobody knows
}

// history looks for what the log already knows of the call: its terminal fact,
// then done is true, or attempts whose callers are gone. If the caller of an
// attempt is alive, the order is left to it.
func (c *call) history(ctx context.Context) (done bool, err error) {
	r := c.request
	for {
		subjects := []string{events.CompletedSubject(r.Run, r.Query, r.Call).String()}
		const window = 4
		for i := range window {
			subjects = append(subjects, events.StartedSubject(r.Run, r.Query, r.Call, c.next+i).String())
		}
		found, err := c.Log.Lookup(ctx, events.RunStream(r.Run), subjects)
		if err != nil {
			return false, err
		}
		if found[0] != nil {
			return true, nil
		}
		for _, m := range found[1:] {
			if m == nil {
				return false, nil
			}
			if err := c.lost(ctx, m.Payload); err != nil {
				return false, err
			}
		}
	}
}

// lost takes note of an attempt that another caller, or an earlier life of this
// one, started and did not finish.
func (c *call) lost(ctx context.Context, payload []byte) error {
	ev, err := events.Decode(events.KindCallStarted, payload)
	if err != nil {
		return bus.Malformed(err)
	}
	started := ev.Data.(*events.CallStarted)
	if started.Nonce != c.nonce {
		alive, err := c.Log.Held(ctx, presence(started.Nonce))
		if err != nil {
			return err
		}
		if alive {
			return bus.RetryAfter(c.AckWait/3, fmt.Errorf("attempt %d is under way at caller %s", started.Attempt, started.Caller))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	a, known := c.lostAttempt(started)
	c.attempts = append(c.attempts, a)
	c.unpriced = c.unpriced || !known
	c.next = max(c.next, started.Attempt+1)
	return nil
}
