// Package revote decides the queries of a finished run again, from the answers
// that it recorded: other members, votes, executions and stopping rules, without
// a call. What would have needed an answer that was never recorded is reported,
// never guessed, and no item has a say in a calibration that it is judged by.
package revote

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/crucible-go/crucible/pkg/ensemble"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/money"
	"github.com/crucible-go/crucible/pkg/score"
)

// Collector is a fold over the events of a run, in the order of its log: queries
// before their calls.
type Collector struct {
	queries map[string]*asked
	order   []string // conditions, by their first query in the plan
	first   map[string]int
	score   *events.Score
}

// asked is a query with the answers to it.
type asked struct {
	condition string
	item      string
	itemIndex int
	repeat    int
	cluster   string
	expected  string
	slots     map[string]slot // by call
	answers   map[slot]ensemble.Recorded
	texts     map[slot]string
	simulated map[slot]bool
}

// slot is a place in an ensemble: a member, and how often it was named before.
type slot struct {
	member  string
	ordinal int
}

// NewCollector returns an empty collector.
func NewCollector() *Collector {
	return &Collector{queries: map[string]*asked{}, first: map[string]int{}}
}

// Wants reports whether the collector makes use of events of the kind.
func (c *Collector) Wants(k events.Kind) bool {
	return k == events.KindQueryDispatched || k == events.KindCallCompleted
}

// Add takes in an event; others than those it wants are passed over.
func (c *Collector) Add(ev *events.Event) {
	switch d := ev.Data.(type) {
	case *events.QueryDispatched:
		c.query(ev, d)
	case *events.CallCompleted:
		c.answer(ev, d)
	}
}

func (c *Collector) query(ev *events.Event, d *events.QueryDispatched) {
	q := &asked{condition: clone(ev.Condition), item: clone(ev.Item), itemIndex: d.ItemIndex, repeat: ev.Repeat,
		cluster: clone(d.Cluster), expected: clone(d.Expected), slots: map[string]slot{}, answers: map[slot]ensemble.Recorded{},
		texts: map[slot]string{}, simulated: map[slot]bool{}}
	for i, m := range d.Policy.Members {
		s := slot{clone(m), 0}
		for _, before := range d.Policy.Members[:i] {
			if before == m {
				s.ordinal++
			}
		}
		switch at := i - len(d.Calls); {
		case at < 0:
			q.slots[clone(d.Calls[i])] = s
		case at < len(d.Later):
			q.slots[clone(d.Later[at].Call)] = s
		}
	}
	c.queries[clone(ev.Query)] = q
	if at, ok := c.first[q.condition]; !ok || d.Index < at {
		c.first[q.condition] = d.Index
	}
	if c.score == nil {
		c.score = &events.Score{Extract: clone(d.Score.Extract), Normalize: clone(d.Score.Normalize)}
		for _, m := range d.Score.Metrics {
			c.score.Metrics = append(c.score.Metrics, clone(m))
		}
	}
}

func (c *Collector) answer(ev *events.Event, d *events.CallCompleted) {
	q := c.queries[ev.Query]
	if q == nil || d.Role != events.RoleAnswer && d.Role != "" {
		return
	}
	s, ok := q.slots[ev.Call]
	if !ok || d.Outcome == events.CallCancelled {
		return // a cancelled call says nothing about what it would have answered
	}
	r := ensemble.Recorded{CostKnown: d.CostKnown}
	r.Member, r.Outcome, r.LatencyNS, r.HasLatency = s.member, clone(d.Outcome), d.LatencyNS, d.LatencyNS > 0
	if r.CostKnown {
		usd, err := money.Parse(clone(d.CostUSD))
		r.CostUSD, r.CostKnown = usd, err == nil
	}
	if d.Outcome == events.CallAnswered {
		r.Confidence, r.HasConfidence = ensemble.ConfidenceOf(d.Confidence, d.Answer)
		q.texts[s] = clone(d.Answer)
	}
	q.answers[s] = r
	q.simulated[s] = d.Simulated
}

func clone(s string) string { return string([]byte(s)) }

// Sheet holds what members answered to every item in every repeat.
type Sheet struct {
	// Members are those of the ensemble; one that is named twice was asked twice.
	Members []string
	Queries []Query
	// Confident says whether an answer has a confidence.
	Confident bool
	// Sources names the conditions that the answers come from, in the order of
	// the members.
	Sources []string
	scorer  *score.Scorer
}

// Query is an item in a repeat.
type Query struct {
	Item      string
	ItemIndex int
	Repeat    int
	Cluster   string
	Expected  string // as normalised
	Known     bool   // there is a right answer
	// Answers are those of the members, by Order; a member without a recorded
	// answer has none.
	Answers   []ensemble.Recorded
	Simulated []string
}

// Members lists every member that has an answer, in the order of the conditions
// and their members.
func (c *Collector) Members() []string {
	c.sort()
	var out []string
	for _, condition := range c.order {
		for _, s := range c.slotsOf(condition) {
			if s.ordinal == 0 && !slices.Contains(out, s.member) {
				out = append(out, s.member)
			}
		}
	}
	return out
}

func (c *Collector) sort() {
	c.order = c.order[:0]
	for name := range c.first {
		c.order = append(c.order, name)
	}
	slices.SortFunc(c.order, func(a, b string) int { return cmp.Compare(c.first[a], c.first[b]) })
}

// slotsOf lists the places of a condition that somebody answered for, sorted.
func (c *Collector) slotsOf(condition string) []slot {
	var out []slot
	seen := map[slot]bool{}
	for _, q := range c.queries {
		if q.condition != condition {
			continue
		}
		for s := range q.answers {
			if !seen[s] {
				seen[s] = true
				out = append(out, s)
			}
		}
	}
	slices.SortFunc(out, func(a, b slot) int { return cmp.Or(cmp.Compare(a.member, b.member), cmp.Compare(a.ordinal, b.ordinal)) })
	return out
}

// Sheet lays out the answers of some members. All come from one condition if one
// asked them all, the first in the plan; else each from the first that asked it.
// Members that nobody ever asked are an error.
func (c *Collector) Sheet(members []string) (*Sheet, error) {
	if c.score == nil {
		return nil, fmt.Errorf("revote: the run asked nothing")
	}
	scorer, err := score.New(c.score.Extract, c.score.Normalize, c.score.Metrics)
	if err != nil {
		return nil, fmt.Errorf("revote: %w", err)
	}
	c.sort()
	slots := make([]slot, len(members))
	for i, m := range members {
		slots[i] = slot{m, 0}
		for _, before := range members[:i] {
			if before == m {
				slots[i].ordinal++
			}
		}
	}
	sources, err := c.sources(slots)
	if err != nil {
		return nil, err
	}
	s := &Sheet{Members: slices.Clone(members), Sources: sources, scorer: scorer}
	type place struct{ item, repeat int }
	at := map[place]int{}
	for _, q := range c.inOrder() {
		p := place{q.itemIndex, q.repeat}
		i, ok := at[p]
		if !ok {
			i = len(s.Queries)
			at[p] = i
			expected, known := scorer.Expected(q.expected)
			s.Queries = append(s.Queries, Query{Item: q.item, ItemIndex: q.itemIndex, Repeat: q.repeat, Cluster: q.cluster, Expected: expected, Known: known})
		}
		for o, want := range slots {
			if sources[o] == q.condition {
				s.take(&s.Queries[i], q, want, o)
			}
		}
	}
	return s, nil
}

// take adds a member's answer to a query.
func (s *Sheet) take(to *Query, q *asked, from slot, order int) {
	r, ok := q.answers[from]
	if !ok {
		return
	}
	r.Order = order
	r.Call = fmt.Sprintf("%s#%d", from.member, from.ordinal)
	if r.Outcome == events.CallAnswered {
		r.Answer, r.Valid = s.scorer.Read(q.texts[from])
	}
	s.Confident = s.Confident || r.HasConfidence
	to.Answers = append(to.Answers, r)
	slices.SortFunc(to.Answers, func(a, b ensemble.Recorded) int { return cmp.Compare(a.Order, b.Order) })
	if q.simulated[from] && !slices.Contains(to.Simulated, from.member) {
		to.Simulated = append(to.Simulated, from.member)
	}
}

// inOrder lists the queries by repeat, item and place of the condition.
func (c *Collector) inOrder() []*asked {
	out := make([]*asked, 0, len(c.queries))
	for _, q := range c.queries {
		out = append(out, q)
	}
	slices.SortFunc(out, func(a, b *asked) int {
		return cmp.Or(cmp.Compare(a.repeat, b.repeat), cmp.Compare(a.itemIndex, b.itemIndex), cmp.Compare(c.first[a.condition], c.first[b.condition]))
	})
	return out
}

// sources finds for each place the condition that its answers come from.
func (c *Collector) sources(slots []slot) ([]string, error) {
	has := map[string][]slot{}
	for _, name := range c.order {
		has[name] = c.slotsOf(name)
	}
	out := make([]string, len(slots))
	for _, name := range c.order {
		if !slices.ContainsFunc(slots, func(s slot) bool { return !slices.Contains(has[name], s) }) {
			for i := range out {
				out[i] = name
			}
			return out, nil
		}
	}
	for i, s := range slots {
		at := slices.IndexFunc(c.order, func(name string) bool { return slices.Contains(has[name], s) })
		if at < 0 {
			if s.ordinal > 0 {
				return nil, &UnknownMember{s.member, fmt.Sprintf("member %q was never asked %d times for one query", s.member, s.ordinal+1), c.Members()}
			}
			return nil, &UnknownMember{s.member, fmt.Sprintf("no answer of a member %q is recorded", s.member), c.Members()}
		}
		out[i] = c.order[at]
	}
	return out, nil
}

// UnknownMember is a member without a recorded answer.
type UnknownMember struct {
	Member  string
	message string
	Known   []string
}

// Error implements error.
func (e *UnknownMember) Error() string { return "revote: " + e.message }

// Subset is the sheet of some of the members, by their places.
func (s *Sheet) Subset(orders []int) *Sheet {
	out := &Sheet{scorer: s.scorer, Queries: make([]Query, len(s.Queries))}
	for _, o := range orders {
		out.Members = append(out.Members, s.Members[o])
		out.Sources = append(out.Sources, s.Sources[o])
	}
	for i := range s.Queries {
		q := s.Queries[i]
		answers := make([]ensemble.Recorded, 0, len(orders))
		for to, o := range orders {
			at := slices.IndexFunc(q.Answers, func(r ensemble.Recorded) bool { return r.Order == o })
			if at < 0 {
				continue
			}
			r := q.Answers[at]
			r.Order = to
			out.Confident = out.Confident || r.HasConfidence
			answers = append(answers, r)
		}
		q.Answers = answers
		out.Queries[i] = q
	}
	return out
}

// Part is the sheet of some of the queries, by their places.
func (s *Sheet) Part(places []int) *Sheet {
	out := *s
	out.Queries = make([]Query, len(places))
	for i, at := range places {
		out.Queries[i] = s.Queries[at]
	}
	return &out
}

// Ballots are the answers to a query.
func (q *Query) Ballots() []ensemble.Ballot {
	out := make([]ensemble.Ballot, len(q.Answers))
	for i := range q.Answers {
		out[i] = q.Answers[i].Ballot
	}
	return out
}

// Group names the queries that belong together: those of a cluster, or of an item.
func (q *Query) Group() string {
	if q.Cluster != "" {
		return "cluster " + q.Cluster
	}
	return "item " + q.Item
}

// Labels are the labelled items of the queries.
func (s *Sheet) Labels() []ensemble.Labelled {
	out := make([]ensemble.Labelled, len(s.Queries))
	for i := range s.Queries {
		q := &s.Queries[i]
		right := q.Expected
		if !q.Known {
			right = "\x00"
		}
		out[i] = ensemble.Label(q.Ballots(), right)
	}
	return out
}

// Diagnosis describes the members by the sheet.
func (s *Sheet) Diagnosis(level float64, seed uint64) ensemble.Diagnosis {
	confidences := make([]ensemble.Confidences, len(s.Members))
	for i := range s.Queries {
		q := &s.Queries[i]
		for k := range q.Answers {
			if r := &q.Answers[k]; r.Valid && r.HasConfidence && q.Known {
				c := &confidences[r.Order]
				c.Said, c.Right = append(c.Said, r.Confidence), append(c.Right, r.Answer == q.Expected)
			}
		}
	}
	return ensemble.Diagnose(s.Members, s.Labels(), confidences, level, seed)
}
