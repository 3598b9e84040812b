package dispatcher

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/runs"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// chunk is about how many facts are offered to the log at a time: as many as
// it commits at once.
const chunk = 900

// fullShare of a stream's size limit is where dispatching stops; the rest is for
// what nobody can foresee.
const fullShare = 0.85

// answerShare is how much larger than its query and orders, in bytes, what
// follows a query is taken to be: intents, answers and the verdict.
const answerShare = 3

// follower leads one run to its end: one goroutine folds the run's stream, one
// offers what may be asked next.
type follower struct {
	*dispatcher
	r    *runs.Run
	plan *experiment.Plan

	mu      sync.Mutex
	state   *state
	live    bool            // the fold has read what was there at the start
	halves  []int           // queries found without all of their calls, by index
	cursor  int             // no query below it is unoffered
	letters []events.Event  // dead letters to write
	awaited map[string]bool // ids of dead letters that the fold has not read yet
	wake    chan struct{}
	limited bool // the stream has a size limit

	fits         int   // queries that may still be offered, if the stream has a limit
	offeredBytes int64 // of the queries and orders that were offered in this life
	offeredCount int   // of the queries
}

func newFollower(d *dispatcher, r *runs.Run, plan *experiment.Plan) *follower {
	return &follower{
		dispatcher: d,
		r:          r,
		plan:       plan,
		state:      newState(plan.Len()),
		awaited:    map[string]bool{},
		wake:       make(chan struct{}, 1),
	}
}

// errEnded ends the fold when the run has ended.
var errEnded = errors.New("run ended")

func (f *follower) run(ctx context.Context) error {
	stream := events.RunStream(f.r.ID)
	if err := f.Log.GrowRun(ctx, f.r.ID); err != nil {
		return err
	}
	info, err := f.Log.StreamInfo(ctx, stream)
	if err != nil {
		return err
	}
	head := info.Last
	f.limited = info.MaxBytes > 0
	f.live = head == 0
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return f.Log.Replay(ctx, bus.ReplayConfig{Stream: stream, Follow: true}, func(m *bus.Message) error {
			f.fold(ctx, m, head)
			return nil
		})
	})
	g.Go(func() error { return f.offerAll(ctx) })
	g.Go(func() error { return f.watchBudget(ctx) })
	if err := g.Wait(); !errors.Is(err, errEnded) {
		return err
	}
	return nil
}

// fold takes one message into the state.
func (f *follower) fold(ctx context.Context, m *bus.Message, head uint64) {
	var data *events.Event
	switch m.Parsed.Kind {
	case events.KindQueryDispatched, events.KindCallCompleted, events.KindVoteDecided:
		ev, err := f.Log.Decode(ctx, m)
		if err == nil {
			data = &ev
		} else if ctx.Err() == nil {
			f.letter(m, err)
		}
	}
	f.mu.Lock()
	f.state.apply(m.Seq, events.KindOf(m.Subject), m.Parsed, m.ID(), m.Payload, data)
	if m.Parsed.Kind == events.KindDeadLetter {
		delete(f.awaited, m.ID())
	}
	if !f.live && m.Seq >= head {
		f.live = true
		f.halves = f.state.halves()
	}
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// letter notes that an event of the run cannot be read. It counts by its
// subject, the run goes on and ends as partial.
func (f *follower) letter(m *bus.Message, cause error) {
	hash := sha256.Sum256(m.Payload)
	ev := events.About(events.DeadLetterSubject(f.r.ID, m.ID()), f.source(), m.ID(), f.Now())
	ev.Data = &events.DeadLetter{
		Service:  "dispatcher",
		Subject:  m.Subject,
		Sequence: m.Seq,
		Error:    cause.Error(),
		SHA256:   hex.EncodeToString(hash[:]),
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.letters = append(f.letters, ev)
	f.awaited[ev.ID] = true
}

// offerAll offers what may be asked, until the run has ended.
func (f *follower) offerAll(ctx context.Context) error {
	for {
		if err := f.reserve(ctx); err != nil {
			return err
		}
		evs, end, err := f.next()
		if err != nil {
			return err
		}
		if end != nil {
			return f.finish(ctx, end)
		}
		if len(evs) > 0 {
			if err := f.publish(ctx, evs); err != nil {
				return err
			}
			continue
		}
		_, _, suspensions := f.r.Suspensions()
		select {
		case <-f.wake:
		case <-suspensions:
		case <-f.cancelRequested():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// cancelRequested is the run's channel as long as it has something new to say.
func (f *follower) cancelRequested() <-chan struct{} {
	if f.isCancelled() {
		return nil
	}
	return f.r.CancelRequested()
}

func (f *follower) isCancelled() bool {
	select {
	case <-f.r.CancelRequested():
		return true
	default:
		return false
	}
}

// next is the next events to offer, or the end of the run, or neither while
// there is nothing to do but wait.
func (f *follower) next() ([]*events.Event, *events.RunEnd, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.live {
		return nil, nil, nil
	}
	var evs []*events.Event
	for i := range f.letters {
		evs = append(evs, &f.letters[i])
	}
	f.letters = nil
	if len(evs) > 0 {
		return evs, nil, nil
	}
	evs, err := f.mend()
	if len(evs) > 0 || err != nil {
		return evs, nil, err
	}
	cancelled := f.isCancelled()
	suspended, resumed, _ := f.r.Suspensions()
	if !cancelled && suspended <= resumed {
		evs, err := f.more()
		if len(evs) > 0 || err != nil {
			return evs, nil, err
		}
	}
	if len(f.awaited) > 0 || !f.state.settled() || (!cancelled && f.state.offers < f.state.total) {
		return nil, nil, nil
	}
	end := f.state.end()
	switch {
	case cancelled && end.Unasked > 0, cancelled && end.Calls.Cancelled > 0:
		end.State = events.StateCancelled
	case end.DeadLetters > 0:
		end.State = events.StatePartial
		end.Reason = fmt.Sprintf("%d messages could not be processed; see the view deadletters", end.DeadLetters)
	}
	return nil, &end, nil
}

// mend offers the queries again that an earlier life dispatched by half; what
// of them is in the log stays as it is.
func (f *follower) mend() ([]*events.Event, error) {
	var evs []*events.Event
	for len(f.halves) > 0 && len(evs) < chunk {
		more, err := f.query(f.halves[0])
		if err != nil {
			return nil, err
		}
		f.halves = f.halves[1:]
		evs = append(evs, more...)
	}
	return evs, nil
}

// more takes the next queries of the plan, as many as may be under way.
func (f *follower) more() ([]*events.Event, error) {
	var evs []*events.Event
	room := f.r.Planned.MaxInFlight - f.state.undecided()
	if f.limited {
		room = min(room, f.fits)
	}
	for ; room > 0 && f.cursor < f.state.total && len(evs) < chunk; f.cursor++ {
		if f.state.offered[f.cursor] {
			continue
		}
		more, err := f.query(f.cursor)
		if err != nil {
			return nil, err
		}
		f.state.offer(f.cursor)
		evs = append(evs, more...)
		room--
		f.fits = max(0, f.fits-1)
	}
	return evs, nil
}

// query builds the events of the i-th query: the query, then its calls.
func (f *follower) query(i int) ([]*events.Event, error) {
	q, err := f.plan.Query(f.r.ID, i)
	if err != nil {
		return nil, err
	}
	now := f.Now()
	evs := make([]*events.Event, 0, 1+len(q.Calls))
	ev := events.About(events.QuerySubject(f.r.ID, q.ID), f.source(), f.r.PlannedID, now)
	ev.Condition, ev.Repeat, ev.Item = q.Condition, q.Repeat, q.Item
	ev.Data = q.Data
	evs = append(evs, &ev)
	for _, c := range q.Calls {
		order := events.About(events.RequestedSubject(f.r.ID, q.ID, c.ID, c.Pool), f.source(), ev.ID, now)
		order.Condition, order.Repeat, order.Item = q.Condition, q.Repeat, q.Item
		order.Member, order.Model = c.Member, c.Model
		order.Data = c.Data
		evs = append(evs, &order)
	}
	return evs, nil
}

// reserve finds out how many more queries may be offered so that what follows
// them still fits into the stream: what is left is kept for answers that are paid
// for. If none fits and none is under way, the run is suspended.
func (f *follower) reserve(ctx context.Context) error {
	if !f.limited || !f.wants() {
		return nil
	}
	info, err := f.Log.StreamInfo(ctx, events.RunStream(f.r.ID))
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.offeredCount == 0 {
		f.fits = 1 // the first query shows how large they are
		return nil
	}
	each := f.offeredBytes / int64(f.offeredCount)
	left := int64(fullShare*float64(info.MaxBytes)) - int64(info.Bytes) - answerShare*each*int64(f.state.undecided())
	f.fits = int(max(0, left/((1+answerShare)*each)))
	if f.fits > 0 || f.state.undecided() > 0 {
		return nil
	}
	return f.suspend(ctx, "disk", fmt.Errorf("the run's stream holds %d of at most %d bytes, and what is left is kept for answers", info.Bytes, info.MaxBytes))
}

// wants reports whether there are queries to offer and no room is known for them.
func (f *follower) wants() bool {
	suspended, resumed, _ := f.r.Suspensions()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.live && f.fits == 0 && f.state.offers < f.state.total && suspended <= resumed &&
		f.state.undecided() < f.r.Planned.MaxInFlight
}

// publish offers events to the log. A log that is full suspends the run.
func (f *follower) publish(ctx context.Context, evs []*events.Event) error {
	if f.limited {
		f.weigh(evs)
	}
	_, err := f.Log.PublishEvents(ctx, evs...)
	if errors.Is(err, bus.ErrFull) {
		return f.suspend(ctx, "disk", err)
	}
	return err
}

// weigh adds up how large queries and their orders are.
func (f *follower) weigh(evs []*events.Event) {
	for _, ev := range evs {
		if b, err := events.Encode(ev); err == nil {
			f.offeredBytes += int64(len(b))
		}
		if ev.Type == events.KindQueryDispatched {
			f.offeredCount++
		}
	}
}

// errSuspended ends a leadership: whoever leads after the resumption starts from
// what is in the log.
var errSuspended = errors.New("run is suspended")

// suspend says that nothing more is asked until somebody resumes the run.
func (f *follower) suspend(ctx context.Context, reason string, cause error) error {
	suspended, _, _ := f.r.Suspensions()
	ev := events.About(events.SuspendedSubject(f.r.ID, suspended+1), f.source(), f.r.PlannedID, f.Now())
	ev.Data = &events.RunSuspended{Reason: reason, Detail: cause.Error()}
	if _, err := f.Log.PublishEvents(ctx, &ev); err != nil {
		return errors.Join(cause, err)
	}
	f.Logger.WithLevel(levels(reason)).Err(cause).Str("run", f.r.ID).Msg("run suspended")
	return errSuspended
}

// levels is how bad a suspension is: a budget that is reached is no fault.
func levels(reason string) zerolog.Level {
	if reason == "budget" {
		return zerolog.InfoLevel
	}
	return zerolog.ErrorLevel
}

// finish publishes the last word on the run.
func (f *follower) finish(ctx context.Context, end *events.RunEnd) error {
	kind, data := events.KindRunCompleted, events.Data(&events.RunCompleted{RunEnd: *end})
	if end.State == events.StateCancelled {
		kind, data = events.KindRunCancelled, &events.RunCancelled{RunEnd: *end}
	}
	ev := events.About(events.RunSubject(kind, f.r.ID), f.source(), f.r.PlannedID, f.Now())
	ev.Data = data
	if _, err := f.Log.PublishEvents(ctx, &ev); err != nil {
		return err
	}
	return errEnded
}
