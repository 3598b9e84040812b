package voter

import (
	"context"
	"fmt"

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
	scorer   *score.Scorer
	err      error
}

// fold is the state of the vote on one run.
type fold struct {
	Config
	Deps
	target  *runs.Run
	queries map[string]*query
	rules   map[string]*rule
	out     *outbox.Outbox
	head    uint64 // what was in the stream when the fold began
	live    bool   // the fold has passed head
}

func newFold(c Config, d Deps, r *runs.Run) *fold {
	return &fold{
		Config:  c,
		Deps:    d,
		target:  r,
		queries: map[string]*query{},
		rules:   map[string]*rule{},
		out:     outbox.New(d.Log),
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
	g.Go(func() error {
		return f.Log.Replay(ctx, bus.ReplayConfig{Stream: stream, Follow: true}, func(m *bus.Message) error {
			return f.apply(ctx, m)
		})
	})
	return g.Wait()
}

func (f *fold) apply(ctx context.Context, m *bus.Message) error {
	s := m.Parsed
	switch s.Kind {
	case events.KindQueryDispatched:
		f.dispatched(ctx, m)
	case events.KindCallCompleted:
		if q := f.queries[s.Query]; q != nil {
			f.completed(ctx, q, m)
		}
	case events.KindVoteDecided:
		delete(f.queries, s.Query)
	}
	if f.live {
		if q := f.queries[s.Query]; q != nil {
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
	q.rule = f.rule(ev.Condition, q.data)
}

// rule compiles a condition's policy and scoring at its first query.
func (f *fold) rule(condition string, d *events.QueryDispatched) *rule {
	if r := f.rules[condition]; r != nil {
		return r
	}
	r := new(rule)
	r.strategy, r.err = ensemble.New(ensemble.Policy{
		Members:   d.Policy.Members,
		Vote:      d.Policy.Vote,
		Execution: d.Policy.Execution,
		Stop:      d.Policy.Stop,
	})
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

// decide publishes the verdict if there is one.
func (f *fold) decide(ctx context.Context, id string, q *query) error {
	if q.decided {
		return nil
	}
	d, done := f.verdict(q)
	if !done {
		return nil
	}
	ev := events.About(events.VoteSubject(f.target.ID, id), "voter/"+f.Instance, q.cause, f.Now())
	ev.Condition, ev.Repeat, ev.Item = q.event.Condition, q.event.Repeat, q.event.Item
	ev.Data = d
	q.decided = true
	return f.out.Put(ctx, &ev)
}

// verdict reads the answers, votes and scores.
func (f *fold) verdict(q *query) (*events.VoteDecided, bool) {
	if q.rule.err != nil {
		return &events.VoteDecided{Index: q.data.Index, State: events.VoteFailed, Reason: q.rule.err.Error(), Stop: "all"}, true
	}
	outstanding := len(q.data.Calls)
	for i := range q.ballots {
		b := &q.ballots[i]
		b.Order = order(q.data.Calls, b.Call)
		if b.Order < len(q.data.Calls) {
			outstanding--
		}
	}
	if outstanding > 0 && q.data.Policy.Stop == "none" {
		return nil, false // nothing to read the answers for yet
	}
	read := make([]ensemble.Ballot, len(q.ballots))
	for i, b := range q.ballots {
		if b.Outcome == events.CallAnswered {
			b.Answer, b.Valid = q.rule.scorer.Read(b.Answer)
		}
		read[i] = b
	}
	v, done := q.rule.strategy.Decide(read, outstanding)
	if !done {
		return nil, false
	}
	return q.decision(read, v), true
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
	}
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
	d.Ballots = make([]events.Ballot, len(q.data.Calls))
	for i, call := range q.data.Calls {
		d.Ballots[i] = events.Ballot{Call: call, Member: member(q.data.Policy.Members, i), Outcome: "outstanding"}
	}
	for _, b := range read {
		e := events.Ballot{Call: b.Call, Member: member(q.data.Policy.Members, b.Order), Outcome: b.Outcome, Answer: b.Answer, Simulated: q.seen[b.Call]}
		if b.Outcome == events.CallAnswered {
			if !b.Valid {
				e.Outcome, e.Answer = events.VoteInvalid, ""
			} else if known {
				e.Correct = q.rule.scorer.Correct(b.Answer, expected)
			}
		} else {
			e.Answer = ""
		}
		if b.Order < len(d.Ballots) {
			d.Ballots[b.Order] = e
		} else {
			d.Ballots = append(d.Ballots, e)
		}
	}
	return d
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
