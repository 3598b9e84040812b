package analysis

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/crucible-go/crucible/pkg/events"
)

// Row is one query: an item under a condition in a repeat.
type Row struct {
	Index     int // position in the plan, from 0
	Condition string
	Repeat    int // from 0
	ItemIndex int // position of the item in the sample, from 0
	Item      string
	// State is decided, invalid or failed; empty for a query without a verdict.
	State      string
	Prediction string // as extracted and normalised
	Expected   string // likewise
	Correct    bool
	Scores     []events.Metric
	LatencyNS  int64  // 0: none
	CostUSD    string // "": unknown
	Consensus  float64
	// Tied says that the vote had no single winner and a rule chose.
	Tied   bool
	Reason string // why there is no answer
	// Simulated are the members whose answers came from no real model.
	Simulated []string
	// Cluster groups queries that are not independent, where the spec names a
	// field for it; empty otherwise.
	Cluster string
}

// Item is what was asked about an item of the sample.
type Item struct {
	ID       string
	Index    int
	Input    string
	Expected string // as in the data set
	// Messages are those of the condition that comes first in the plan.
	Messages []events.Message
	// Other are the messages of the conditions that were asked differently.
	Other map[string][]events.Message
	// Recorded are the recorded answers by member.
	Recorded map[string]string

	first int // index of the query whose messages these are
}

// Options say what a Collector keeps.
type Options struct {
	// Queries is the number of queries of the plan: a larger index is an error.
	Queries int
	// Items keeps what was asked, for dataset.jsonl. It needs the messages of
	// every item in memory.
	Items bool
	// Calls keeps sums over the calls of each condition; see NeedsCalls. It needs
	// the ids of all calls in memory.
	Calls bool
}

// Collector is a fold over the events of a run: it builds the rows from
// query.dispatched and vote.decided, and the items from query.dispatched and
// call.requested, in whatever order they come and however often. Its result
// does not depend on either.
type Collector struct {
	opt   Options
	rows  []Row
	seen  []byte
	items map[string]*Item
	text  map[string]string
	calls map[string]*Calls // by condition
	known map[string]bool   // calls that were counted
}

const (
	seenQuery = 1 << iota
	seenVote
)

// NewCollector returns an empty collector.
func NewCollector(opt Options) *Collector {
	n := opt.Queries
	return &Collector{
		opt: opt, rows: make([]Row, n), seen: make([]byte, n),
		items: map[string]*Item{}, text: map[string]string{}, calls: map[string]*Calls{}, known: map[string]bool{},
	}
}

// Wants reports whether the collector makes use of events of the kind.
func (c *Collector) Wants(k events.Kind) bool {
	switch k {
	case events.KindQueryDispatched, events.KindVoteDecided:
		return true
	case events.KindCallRequested:
		return c.opt.Items
	case events.KindCallCompleted:
		return c.opt.Calls
	}
	return false
}

// Add counts one event, of which it keeps no part: everything kept is copied.
// Events of other kinds are passed over.
func (c *Collector) Add(k events.Kind, payload []byte) error {
	if !c.Wants(k) {
		return nil
	}
	ev, err := events.Decode(k, payload)
	if err != nil {
		return fmt.Errorf("collect: %w", err)
	}
	return c.AddEvent(&ev)
}

// AddEvent is Add for an event that was decoded already. An event whose data
// lies elsewhere (DataRef) must have been completed.
func (c *Collector) AddEvent(ev *events.Event) error {
	if ev.DataRef != "" {
		return fmt.Errorf("collect: %s: its data is the object %s, which was not fetched", ev.ID, ev.DataRef)
	}
	switch d := ev.Data.(type) {
	case *events.QueryDispatched:
		return c.query(ev, d)
	case *events.VoteDecided:
		return c.vote(ev, d)
	case *events.CallRequested:
		if c.opt.Items {
			c.call(ev, d)
		}
	case *events.CallCompleted:
		if c.opt.Calls {
			c.completed(ev, d)
		}
	}
	return nil
}

func (c *Collector) row(ev *events.Event, index int) (*Row, error) {
	if index < 0 || index >= len(c.rows) {
		return nil, fmt.Errorf("collect: %s: query %d of a plan of %d", ev.ID, index, len(c.rows))
	}
	r := &c.rows[index]
	if c.seen[index] != 0 && (r.Condition != ev.Condition || r.Repeat != ev.Repeat || r.Item != ev.Item) {
		return nil, fmt.Errorf("collect: %s: two queries have the index %d", ev.ID, index)
	}
	r.Index, r.Repeat = index, ev.Repeat
	r.Condition, r.Item = c.keep(ev.Condition), c.keep(ev.Item)
	return r, nil
}

func (c *Collector) query(ev *events.Event, d *events.QueryDispatched) error {
	r, err := c.row(ev, d.Index)
	if err != nil {
		return err
	}
	r.ItemIndex, r.Cluster = d.ItemIndex, c.keep(d.Cluster)
	c.seen[d.Index] |= seenQuery
	if c.opt.Items {
		c.item(ev, d)
	}
	return nil
}

func (c *Collector) vote(ev *events.Event, d *events.VoteDecided) error {
	r, err := c.row(ev, d.Index)
	if err != nil {
		return err
	}
	switch d.State {
	case events.VoteDecidedState, events.VoteInvalid, events.VoteFailed:
	default:
		return fmt.Errorf("collect: %s: unknown state %q", ev.ID, d.State)
	}
	c.seen[d.Index] |= seenVote
	r.State = c.keep(d.State)
	r.Prediction, r.Expected = c.keep(d.Answer), c.keep(d.Expected)
	r.Correct = d.Correct && d.State == events.VoteDecidedState
	r.LatencyNS, r.Consensus = d.LatencyNS, d.Consensus
	r.Tied = len(d.Tied) > 1 || len(d.Tally) > 1 && d.Tally[0].Votes == d.Tally[1].Votes && d.Tally[0].Weight == d.Tally[1].Weight
	r.CostUSD, r.Reason = c.keep(d.CostUSD), c.keep(d.Reason)
	r.Simulated = nil
	for i := range d.Ballots {
		if b := &d.Ballots[i]; b.Simulated && !slices.Contains(r.Simulated, b.Member) {
			r.Simulated = append(r.Simulated, c.keep(b.Member))
		}
	}
	r.Scores = nil
	if len(d.Scores) > 0 {
		r.Scores = make([]events.Metric, len(d.Scores))
		for i, s := range d.Scores {
			r.Scores[i] = events.Metric{Name: c.keep(s.Name), Value: s.Value}
		}
	}
	return nil
}

// item keeps what was asked about an item. The order of arrival must not
// matter: the query with the lowest index speaks for the item, the conditions
// that differ from it are kept beside.
func (c *Collector) item(ev *events.Event, d *events.QueryDispatched) {
	it := c.itemOf(ev.Item)
	it.Index = d.ItemIndex
	if ev.Repeat == 0 {
		if it.Other == nil {
			it.Other = map[string][]events.Message{}
		}
		it.Other[c.keep(ev.Condition)] = c.messages(d.Messages)
	}
	if it.first < 0 || d.Index < it.first {
		it.first = d.Index
		it.Input, it.Expected = c.keep(d.Input), c.keep(d.Expected)
		it.Messages = c.messages(d.Messages)
	}
}

func (c *Collector) call(ev *events.Event, d *events.CallRequested) {
	if d.Recorded == nil || !d.Recorded.Found || d.Role != events.RoleAnswer || ev.Item == "" {
		return
	}
	it := c.itemOf(ev.Item)
	if it.Recorded == nil {
		it.Recorded = map[string]string{}
	}
	member := c.keep(ev.Member)
	if _, ok := it.Recorded[member]; !ok {
		it.Recorded[member] = strings.Clone(d.Recorded.Text)
	}
}

// completed counts a call for its condition, once. Calls that score an answer are
// not its own.
func (c *Collector) completed(ev *events.Event, d *events.CallCompleted) {
	if d.Role != events.RoleAnswer || c.known[ev.Call] {
		return
	}
	c.known[strings.Clone(ev.Call)] = true
	k := c.calls[ev.Condition]
	if k == nil {
		k = new(Calls)
		c.calls[c.keep(ev.Condition)] = k
	}
	k.add(d)
}

// Calls are the sums over the calls of each condition that had any.
func (c *Collector) Calls() map[string]*Calls { return c.calls }

func (c *Collector) itemOf(id string) *Item {
	it := c.items[id]
	if it == nil {
		id = c.keep(id)
		it = &Item{ID: id, first: -1}
		c.items[id] = it
	}
	return it
}

// messages copies the turns of a prompt; equal texts are kept once.
func (c *Collector) messages(ms []events.Message) []events.Message {
	out := make([]events.Message, len(ms))
	for i, m := range ms {
		out[i] = events.Message{Role: c.keep(m.Role), Content: c.keep(m.Content)}
	}
	return out
}

// keep returns a copy of s that does not alias the payload; equal strings share
// one.
func (c *Collector) keep(s string) string {
	if s == "" {
		return ""
	}
	if t, ok := c.text[s]; ok {
		return t
	}
	s = strings.Clone(s)
	c.text[s] = s
	return s
}

// Rows are the queries that were dispatched, by index. They are the collector's
// own: it must not be added to afterwards. Orphans are the verdicts on queries
// that were not: their query.dispatched could not be read.
func (c *Collector) Rows() (rows []Row, orphans int) {
	missing := 0
	for _, s := range c.seen {
		if s&seenQuery == 0 {
			missing++
			if s != 0 {
				orphans++
			}
		}
	}
	if missing == 0 {
		return c.rows, 0
	}
	rows = make([]Row, 0, len(c.rows)-missing)
	for i, s := range c.seen {
		if s&seenQuery != 0 {
			rows = append(rows, c.rows[i])
		}
	}
	return rows, orphans
}

// Items are the items of the sample in its order.
func (c *Collector) Items() []Item {
	out := make([]Item, 0, len(c.items))
	for _, it := range c.items {
		if it.first < 0 { // a call whose query is missing
			continue
		}
		item := *it
		item.Other = differing(it.Messages, it.Other)
		out = append(out, item)
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Index != out[j].Index {
			return out[i].Index < out[j].Index
		}
		return out[i].ID < out[j].ID
	})
	return out
}

func differing(base []events.Message, by map[string][]events.Message) map[string][]events.Message {
	var out map[string][]events.Message
	for name, ms := range by {
		if equalMessages(base, ms) {
			continue
		}
		if out == nil {
			out = map[string][]events.Message{}
		}
		out[name] = ms
	}
	return out
}

func equalMessages(a, b []events.Message) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
