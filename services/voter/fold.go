package voter

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/outbox"
	"github.com/crucible-go/crucible/internal/runs"
	"github.com/crucible-go/crucible/pkg/ensemble"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/money"
	"github.com/crucible-go/crucible/pkg/score"
)

// query is what is known of a query whose verdict the fold has not yet read. The
// log holds a query before the calls that it leads to.
type query struct {
	event    events.Event // query.dispatched
	data     *events.QueryDispatched
	calls    []string  // of all members, asked or not
	asked    []bool    // which of them are in the log, or on their way
	began    time.Time // when the first call was started; zero before
	rule     *rule
	ballots  []ensemble.Ballot
	seen     map[string]bool // calls with a ballot; true for a simulated one
	costs    money.USD
	unpriced bool
	cause    string // the last ballot's event, at first the query's own
	decided  bool   // the verdict is on its way into the log
}

// rule is the policy and the scoring of a condition, compiled once.
type rule struct {
	strategy *ensemble.Strategy
	offline  bool // latencies alone say when something would have come
	scorer   *score.Scorer
	err      error
}

// fold is the state of the vote on one run.
type fold struct {
	Config
	Deps
	target  *runs.Run
	mu      sync.Mutex // of what follows: backups fall due between events
	queries map[string]*query
	rules   map[string]*rule
	out     *outbox.Outbox
	head    uint64               // what was in the stream when the fold began
	live    bool                 // the fold has passed head
	due     map[string]time.Time // hedged queries, and when a backup falls due
	later   chan struct{}        // something was added to due
}

func newFold(c Config, d Deps, r *runs.Run) *fold {
	return &fold{
		Config:  c,
		Deps:    d,
		target:  r,
		queries: map[string]*query{},
		rules:   map[string]*rule{},
		out:     outbox.New(d.Log),
		due:     map[string]time.Time{},
		later:   make(chan struct{}, 1),
	}
}

// run folds the stream until ctx is done. Decisions wait until everything that
// was in the stream at the start has been read, so that what has been decided
// before is not offered again.
func (f *fold) run(ctx context.Context) error {
	stream := events.RunStream(f.target.ID)
	info, err := f.Log.StreamInfo(ctx, stream)
	if err != nil {
		return err
	}
	f.head = info.Last
	f.live = f.head == 0
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return f.out.Run(ctx) })
	g.Go(func() error { return f.backups(ctx) })
	g.Go(func() error {
		return f.Log.Replay(ctx, bus.ReplayConfig{Stream: stream, Follow: true}, func(m *bus.Message) error {
			return f.apply(ctx, m)
		})
	})
	return g.Wait()
}

func (f *fold) apply(ctx context.Context, m *bus.Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := m.Parsed
	q := f.queries[s.Query]
	switch s.Kind {
	case events.KindQueryDispatched:
		f.dispatched(ctx, m)
		q = f.queries[s.Query]
	case events.KindCallRequested:
		if q != nil {
			q.noteAsked(s.Call)
			q = nil // it decides nothing
		}
	case events.KindCallStarted:
		if q = f.started(q, m); q == nil {
			break // likewise
		}
	case events.KindCallCompleted:
		if q != nil {
			f.completed(ctx, q, m)
		}
	case events.KindVoteDecided:
		delete(f.queries, s.Query)
		delete(f.due, s.Query)
		q = nil
	}
	if f.live {
		if q != nil {
			return f.decide(ctx, s.Query, q)
		}
		return nil
	}
	if m.Seq >= f.head {
		f.live = true
		return f.decideAll(ctx)
	}
	return nil
}

// dispatched begins a query. One that cannot be read is decided as failed, with
// the reason.
func (f *fold) dispatched(ctx context.Context, m *bus.Message) {
	q := &query{seen: map[string]bool{}, cause: events.EventID(m.Subject)}
	f.queries[m.Parsed.Query] = q
	ev, err := f.Log.Decode(ctx, m)
	if err != nil {
		q.data = &events.QueryDispatched{}
		q.rule = &rule{err: fmt.Errorf("the query cannot be read: %w", err)}
		return
	}
	q.event = ev
	q.data = ev.Data.(*events.QueryDispatched)
	q.calls = append(q.calls, q.data.Calls...)
	for i := range q.data.Later {
		q.calls = append(q.calls, q.data.Later[i].Call)
	}
	q.asked = make([]bool, len(q.calls))
	for i := range q.data.Calls {
		q.asked[i] = true // by the dispatcher, now or when it mends
	}
	q.rule = f.rule(ev.Condition, q.data)
}

// started notes when the first call of a hedged query began; it returns nil for a
// start that changes nothing.
func (f *fold) started(q *query, m *bus.Message) *query {
	if q == nil || q.data.Policy.Execution != ensemble.ExecutionHedged || !q.began.IsZero() {
		return nil
	}
	q.began = m.Time
	return q
}

// noteAsked notes that a call was asked for.
func (q *query) noteAsked(call string) {
	if o := order(q.calls, call); o < len(q.asked) {
		q.asked[o] = true
	}
}

// rule compiles a condition's policy and scoring at its first query.
func (f *fold) rule(condition string, d *events.QueryDispatched) *rule {
	if r := f.rules[condition]; r != nil {
		return r
	}
	r := new(rule)
	var o ensemble.Options
	if o, r.err = ensemble.ParseOptions(d.Policy.Options); r.err == nil {
		r.offline = o.Offsets
		r.strategy, r.err = ensemble.New(ensemble.Policy{
			Members:   d.Policy.Members,
			Vote:      d.Policy.Vote,
			Execution: d.Policy.Execution,
			Stop:      d.Policy.Stop,
			Options:   o,
		})
	}
	if r.err == nil {
		r.scorer, r.err = score.New(d.Score.Extract, d.Score.Normalize, d.Score.Metrics)
	}
	f.rules[condition] = r
	return r
}

// completed adds a ballot. An event that cannot be read counts as a failed
// call: the run goes on, and the dispatcher records the dead letter.
func (f *fold) completed(ctx context.Context, q *query, m *bus.Message) {
	if _, again := q.seen[m.Parsed.Call]; again {
		return
	}
	q.seen[m.Parsed.Call] = false
	b := ensemble.Ballot{Call: m.Parsed.Call, Outcome: events.CallFailed}
	ev, err := f.Log.Decode(ctx, m)
	if err == nil {
		d := ev.Data.(*events.CallCompleted)
		b.Member = ev.Member
		b.Outcome = d.Outcome
		b.Answer = d.Answer
		b.LatencyNS = d.LatencyNS
		b.HasLatency = d.LatencyNS > 0
		b.Confidence, b.HasConfidence = ensemble.ConfidenceOf(d.Confidence, d.Answer)
		q.seen[b.Call] = d.Simulated
		q.spend(d)
	}
	q.ballots = append(q.ballots, b)
	q.cause = events.EventID(m.Subject)
}

func (q *query) spend(d *events.CallCompleted) {
	if !d.CostKnown {
		q.unpriced = true
		return
	}
	usd, err := money.Parse(d.CostUSD)
	if err != nil {
		q.unpriced = true
		return
	}
	q.costs = q.costs.Add(usd)
}

func (f *fold) decideAll(ctx context.Context) error {
	for id, q := range f.queries { // in any order: each verdict stands alone
		if err := f.decide(ctx, id, q); err != nil {
			return err
		}
	}
	return nil
}

// decide publishes the verdict if there is one, or asks the members that are
// needed for it.
func (f *fold) decide(ctx context.Context, id string, q *query) error {
	if q.decided {
		return nil
	}
	d, ask := f.verdict(id, q)
	for _, o := range ask {
		if err := f.ask(ctx, id, q, o); err != nil {
			return err
		}
	}
	if d == nil {
		return nil
	}
	ev := events.About(events.VoteSubject(f.target.ID, id), "voter/"+f.Instance, q.cause, f.Now())
	ev.Condition, ev.Repeat, ev.Item = q.event.Condition, q.event.Repeat, q.event.Item
	ev.Data = d
	q.decided = true
	delete(f.due, id)
	return f.out.Put(ctx, &ev)
}

// ask gives the order to a further member. Its subject allows it once: a voter
// that comes again, or another, gives the same.
func (f *fold) ask(ctx context.Context, id string, q *query, member int) error {
	at := member - len(q.data.Calls)
	if at < 0 || at >= len(q.data.Later) || q.asked[member] {
		return nil
	}
	c := &q.data.Later[at]
	q.asked[member] = true
	order := c.Order
	order.Messages = q.data.Messages
	ev := events.About(events.RequestedSubject(f.target.ID, id, c.Call, c.Pool), "voter/"+f.Instance, q.cause, f.Now())
	ev.Condition, ev.Repeat, ev.Item = q.event.Condition, q.event.Repeat, q.event.Item
	ev.Member, ev.Model = c.Member, c.Model
	ev.Data = &order
	return f.out.Put(ctx, &ev)
}

// verdict reads the answers, votes and scores; or says whom to ask.
func (f *fold) verdict(id string, q *query) (*events.VoteDecided, []int) {
	if q.rule.err != nil {
		return &events.VoteDecided{Index: q.data.Index, State: events.VoteFailed, Reason: q.rule.err.Error(), Stop: "all"}, nil
	}
	outstanding := len(q.calls)
	for i := range q.ballots {
		b := &q.ballots[i]
		b.Order = order(q.calls, b.Call)
		if b.Order < len(q.calls) {
			outstanding--
		}
	}
	if p := &q.data.Policy; outstanding > 0 && p.Execution == ensemble.ExecutionParallel && p.Stop == ensemble.StopNone {
		return nil, nil // nothing to read the answers for yet
	}
	read := make([]ensemble.Ballot, len(q.ballots))
	for i, b := range q.ballots {
		if b.Outcome == events.CallAnswered {
			b.Answer, b.Valid = q.rule.scorer.Read(b.Answer)
		}
		read[i] = b
	}
	m := q.rule.strategy.Next(read, q.asked, f.elapsed(q))
	if m.WaitNS > 0 && !q.began.IsZero() {
		f.wait(id, q.began.Add(time.Duration(m.WaitNS)))
	}
	if !m.Done {
		return nil, m.Ask
	}
	return q.decision(read, m.Verdict), nil
}

func (q *query) decision(read []ensemble.Ballot, v ensemble.Verdict) *events.VoteDecided {
	expected, known := q.rule.scorer.Expected(q.data.Expected)
	d := &events.VoteDecided{
		Index:     q.data.Index,
		State:     v.State,
		Answer:    v.Answer,
		Expected:  expected,
		Consensus: v.Consensus,
		Tally:     v.Tally,
		Stop:      v.Stop,
		Reason:    v.Reason,
		CostUSD:   q.costs.String(),
		Margin:    v.Margin,
		Tied:      v.Tied,
		TieBreak:  v.TieBreak,
	}
	if v.HasConfidence {
		d.Confidence = v.Confidence
	}
	q.account(d)
	if q.unpriced {
		d.CostUSD = ""
	}
	if v.HasLatency {
		d.LatencyNS = v.LatencyNS
	}
	if v.State == events.VoteDecidedState && known {
		d.Scores = q.rule.scorer.Score(v.Answer, expected)
		d.Correct = q.rule.scorer.Correct(v.Answer, expected)
	}
	d.Ballots = q.ballotsOf(read, v, expected, known)
	return d
}

// account says how many members were asked and not, and what their calls took,
// where that says more than the verdict.
func (q *query) account(d *events.VoteDecided) {
	if len(q.data.Later) == 0 && q.data.Policy.Stop == ensemble.StopNone {
		return
	}
	for _, asked := range q.asked {
		if asked {
			d.CallsMade++
		}
	}
	d.CallsSaved = len(q.calls) - d.CallsMade
	for i := range q.ballots {
		if !q.ballots[i].HasLatency {
			d.SumNS = 0
			return
		}
		d.SumNS += q.ballots[i].LatencyNS
	}
}

// ballotsOf lists what each call that was asked for contributed, in the order of
// the members.
func (q *query) ballotsOf(read []ensemble.Ballot, v ensemble.Verdict, expected string, known bool) []events.Ballot {
	all := make([]events.Ballot, len(q.calls))
	for i, call := range q.calls {
		all[i] = events.Ballot{Call: call, Member: member(q.data.Policy.Members, i), Outcome: "outstanding"}
	}
	for _, b := range read {
		e := events.Ballot{Call: b.Call, Member: member(q.data.Policy.Members, b.Order), Outcome: b.Outcome, Answer: b.Answer, Simulated: q.seen[b.Call]}
		if b.HasConfidence && b.Outcome == events.CallAnswered {
			e.Confidence = b.Confidence
		}
		if b.Outcome == events.CallAnswered {
			if !b.Valid {
				e.Outcome, e.Answer = events.VoteInvalid, ""
			} else if known {
				e.Correct = q.rule.scorer.Correct(b.Answer, expected)
			}
		} else {
			e.Answer = ""
		}
		if b.Outcome == events.CallAnswered && b.Valid && !slices.Contains(v.Counted, b.Order) {
			e.Outcome = "late" // evidence, without a say
		}
		if b.Order < len(all) {
			all[b.Order] = e
		} else {
			all = append(all, e)
		}
	}
	out := all[:0]
	for i := range all {
		if i >= len(q.asked) || q.asked[i] {
			out = append(out, all[i])
		}
	}
	return out
}

func order(calls []string, call string) int {
	for i, c := range calls {
		if c == call {
			return i
		}
	}
	return len(calls)
}

func member(members []string, i int) string {
	if i < len(members) {
		return members[i]
	}
	return ""
}
