package experiment

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/money"
	"github.com/mailru/easyjson"
)

// Answer is a recorded answer from a file of its own.
type Answer struct {
	Text      string
	LatencyNS int64 // 0: none
}

// Answers are the recorded answers of a model whose spec names a file, by the
// id of the item. Of several answers to an item repetition r has the r-th; one
// answer serves every repetition.
type Answers struct {
	Model  string
	ByItem map[string][]Answer
}

// Plan is what a run asks. It is not changed after it was made and may be used
// by several goroutines.
type Plan struct {
	// Warnings are remarks on the data, such as recorded answers that are
	// missing.
	Warnings []string

	spec       *Spec
	items      []Item
	hash       string
	prompt     *prompt
	system     *prompt // nil: no system message
	paths      pathSet // of recorded answers, their latencies and the cluster
	cluster    int     // index into paths, -1: none
	conditions []plannedCondition
	score      events.Score
	seed       string

	inputTokens int64 // the most that the messages of all items have
	inputMost   int64 // the most that those of one item have
}

type plannedCondition struct {
	name    string
	members []plannedMember
	policy  events.Policy
	hedge   *events.Hedge
	backups []plannedMember

	first int  // how many members are asked at once, the others by the voter
	reads bool // fields of the item are needed beside its input and expected answer
}

type plannedMember struct {
	model    *Model
	id       string
	ordinal  int
	pool     string
	price    *events.Price // nil: unknown
	params   easyjson.RawMessage
	rates    money.Rates        // of price
	field    int                // index into paths, -1: none
	latency  int                // likewise
	hard     int                // likewise: the difficulty
	levels   map[string]float64 // accuracy by difficulty
	failures []events.SimulatedFailure
	answers  map[string][]Answer
}

// Query is one item × condition × repetition.
type Query struct {
	ID        string
	Condition string
	Item      string
	Repeat    int // from 0
	Data      *events.QueryDispatched
	Calls     []Call
}

// Call is an order to a member.
type Call struct {
	ID     string
	Member string
	Model  string // the provider's name of it
	Pool   string
	Data   *events.CallRequested
}

// NewPlan plans a run over the sampled items. It looks at every item, so that
// a run which begins can be asked to its end: a missing expected answer, a
// field that a template needs or a recorded model that answers nothing is an
// error of the type Errors that names the item's line.
func NewPlan(s *Spec, items []Item, datasetHash string, answers ...Answers) (*Plan, error) {
	if len(items) == 0 {
		return nil, errors.New("plan: the data set has no items")
	}
	p := &Plan{spec: s, items: items, hash: datasetHash, seed: strconv.FormatUint(s.Seed, 10), cluster: -1}
	p.score = events.Score{Extract: s.Score.Extract, Normalize: s.Score.Normalize, Metrics: s.Score.Metrics, K: s.Score.K}
	if c := s.Analysis.Cluster; c != "" && c != "item" {
		p.cluster = p.paths.add(splitPath(c))
	}
	var err error
	if p.prompt, err = compilePrompt("prompt", s.Prompt); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	if s.System != "" {
		if p.system, err = compilePrompt("system", s.System); err != nil {
			return nil, fmt.Errorf("plan: %w", err)
		}
	}
	for i := range s.Conditions {
		c, err := p.condition(&s.Conditions[i], answers)
		if err != nil {
			return nil, err
		}
		p.conditions = append(p.conditions, c)
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Plan) condition(c *Condition, answers []Answers) (plannedCondition, error) {
	policy, err := p.policy(c)
	if err != nil {
		return plannedCondition{}, err
	}
	out := plannedCondition{name: c.Name, policy: policy, first: firstCalls(c)}
	if err := p.hedge(&out, c); err != nil {
		return out, err
	}
	for i, id := range c.Members {
		m, err := p.member(&out, id, answers)
		if err != nil {
			return out, err
		}
		for _, earlier := range c.Members[:i] {
			if earlier == id {
				m.ordinal++
			}
		}
		out.members = append(out.members, m)
	}
	return out, nil
}

// member is a model that a condition asks.
func (p *Plan) member(c *plannedCondition, id string, answers []Answers) (plannedMember, error) {
	model := p.spec.model(id)
	if model == nil {
		return plannedMember{}, fmt.Errorf("plan: condition %q has the unknown member %q", c.name, id)
	}
	m := plannedMember{model: model, id: id, pool: model.pool(), params: p.spec.paramsOf(model), field: -1, latency: -1, hard: -1, failures: model.Failures.rates()}
	if err := m.setPrice(); err != nil {
		return m, fmt.Errorf("plan: model %q: price: %w", id, err)
	}
	switch {
	case model.Provider == "recorded" && model.File != "":
		at := slices.IndexFunc(answers, func(a Answers) bool { return a.Model == id })
		if at < 0 {
			return m, fmt.Errorf("plan: model %q: the answers of its file %q are missing", id, model.File)
		}
		m.answers = answers[at].ByItem
	case model.Provider == "recorded":
		c.reads = true
		m.field = p.paths.add(splitPath(model.Field))
		if model.LatencyField != "" {
			m.latency = p.paths.add(splitPath(model.LatencyField))
		}
	case model.Provider == "simulated" && model.Difficulty != nil:
		c.reads = true
		m.hard = p.paths.add(splitPath(model.Difficulty.Field))
		m.levels, _ = model.Difficulty.levels() // checked with the spec
	}
	return m, nil
}

func (m *plannedMember) setPrice() (err error) {
	if m.price = m.model.price(); m.price != nil {
		m.rates, err = money.NewRates(m.price.Input, m.price.CachedInput, m.price.Output, m.price.Reasoning)
	}
	return err
}

// Len is the number of queries.
func (p *Plan) Len() int { return p.spec.Repeat * len(p.items) * len(p.conditions) }

// Items is the number of items.
func (p *Plan) Items() int { return len(p.items) }

// DatasetHash is the hash of the items that NewPlan was given.
func (p *Plan) DatasetHash() string { return p.hash }

// Calls is the number of calls, if every member of every query is asked.
func (p *Plan) Calls() int {
	members := 0
	for _, c := range p.conditions {
		members += len(c.members)
	}
	return p.spec.Repeat * len(p.items) * members
}

// Query returns the i-th query, from 0, with its calls. The order is
// repetition, item, condition: the conditions of an item are asked close to
// each other, so a provider that changes over time changes for all of them, and
// a run that ends early has asked complete pairs.
//
// Ids depend on the run, seeds do not. It panics if i is outside [0, Len).
func (p *Plan) Query(run string, i int) (Query, error) {
	if i < 0 || i >= p.Len() {
		panic("experiment: query " + strconv.Itoa(i) + " of " + strconv.Itoa(p.Len()))
	}
	rest, c := i/len(p.conditions), &p.conditions[i%len(p.conditions)]
	repeat, at := rest/len(p.items), rest%len(p.items)
	it := &p.items[at]
	messages, err := p.messages(it)
	if err != nil {
		return Query{}, Errors{p.itemProblem(it, err)}
	}
	q := Query{ID: events.QueryID(run, c.name, repeat, it.ID), Condition: c.name, Item: it.ID, Repeat: repeat,
		Calls: make([]Call, c.first)}
	q.Data = &events.QueryDispatched{Index: i, ItemIndex: at, Input: it.Input, Expected: it.Expected,
		Messages: messages, Policy: c.policy, Score: p.score, Calls: make([]string, c.first)}
	var stack [16]span
	spans := stack[:]
	if p.paths.count > len(stack) {
		spans = make([]span, p.paths.count)
	}
	spans = spans[:p.paths.count]
	if c.reads || p.cluster >= 0 {
		p.paths.find(it.Raw, spans)
	}
	q.Data.Cluster, _ = p.clusterOf(it, spans)
	orders := make([]events.CallRequested, len(c.members))
	for k := range c.members {
		m := &c.members[k]
		call := Call{ID: events.CallID(q.ID, events.RoleAnswer, m.id, m.ordinal), Member: m.id, Model: m.model.Model, Pool: m.pool, Data: &orders[k]}
		if err := p.order(call.Data, c, m, it, repeat, spans); err != nil {
			return Query{}, Errors{p.itemProblem(it, err)}
		}
		place := float64(rest) / float64(p.spec.Repeat*len(p.items))
		if m.model.Provider == "simulated" {
			call.Data.Simulated = p.simulated(m, it, spans, place)
		}
		if m.model.Provider != "recorded" {
			call.Data.Hedge = p.hedgeOf(c, it, spans, place)
		}
		if k >= c.first {
			q.Data.Later = append(q.Data.Later, events.LaterCall{Call: call.ID, Member: call.Member, Model: call.Model, Pool: call.Pool, Order: *call.Data})
			continue
		}
		call.Data.Messages = messages
		q.Calls[k], q.Data.Calls[k] = call, call.ID
	}
	return q, nil
}

// clusterOf is what groups the item with others, false where the spec names a
// field for it and the item does not have it.
func (p *Plan) clusterOf(it *Item, spans []span) (string, bool) {
	if p.cluster < 0 {
		return "", true
	}
	s := spans[p.cluster]
	text, ok := valueText(it.Raw[s.start:s.end])
	return text, ok && text != ""
}

func (p *Plan) messages(it *Item) ([]events.Message, error) {
	messages := make([]events.Message, 0, 2)
	if p.system != nil {
		text, err := p.system.render(it)
		if err != nil {
			return nil, fmt.Errorf("system: %w", err)
		}
		messages = append(messages, events.Message{Role: "system", Content: text})
	}
	text, err := p.prompt.render(it)
	if err != nil {
		return nil, fmt.Errorf("prompt: %w", err)
	}
	return append(messages, events.Message{Role: "user", Content: text}), nil
}

// order fills in a call.
func (p *Plan) order(d *events.CallRequested, c *plannedCondition, m *plannedMember, it *Item, repeat int, spans []span) error {
	*d = events.CallRequested{
		Role: events.RoleAnswer, Ordinal: m.ordinal, Provider: m.model.Provider,
		Params: m.params, Seed: p.callSeed(c, m, it, repeat), Virtual: p.spec.Clock == "virtual",
		Stream: m.model.Stream, Accept: m.model.Accept,
		TimeoutNS: int64(m.model.Timeout), DeadlineNS: int64(m.model.Deadline), LoserCost: m.model.LoserCost, Retries: m.model.Retries, Price: m.price,
	}
	if m.model.Provider == "recorded" {
		a, found, err := m.recordedAnswer(it, repeat, spans)
		if err != nil {
			return err
		}
		d.Recorded = &events.Recorded{Found: found, Text: a.Text, LatencyNS: a.LatencyNS, Simulated: m.model.Simulated}
	}
	return nil
}

// callSeed is the seed of a call: a function of the spec's seed and the place
// of the call in the plan, without the condition where answers are shared.
func (p *Plan) callSeed(c *plannedCondition, m *plannedMember, it *Item, repeat int) uint64 {
	condition := c.name
	if p.spec.ShareAnswers {
		condition = ""
	}
	return events.Seed(p.seed, strconv.Itoa(repeat), condition, it.ID, m.id, strconv.Itoa(m.ordinal))
}

func (m *plannedMember) recordedAnswer(it *Item, repeat int, spans []span) (Answer, bool, error) {
	if m.field < 0 {
		list := m.answers[it.ID]
		switch {
		case len(list) == 1:
			return list[0], true, nil
		case repeat < len(list):
			return list[repeat], true, nil
		}
		return Answer{}, false, nil
	}
	text, found := valueText(it.Raw[spans[m.field].start:spans[m.field].end])
	if !found || m.latency < 0 {
		return Answer{Text: text}, found, nil
	}
	latency, err := m.model.RecordedLatency(it.Raw[spans[m.latency].start:spans[m.latency].end])
	if err != nil {
		return Answer{}, false, fmt.Errorf("model %q: %s: %w", m.id, m.model.LatencyField, err)
	}
	return Answer{Text: text, LatencyNS: latency}, true, nil
}

// itemProblem is what is wrong with an item, at its line in the data set.
func (p *Plan) itemProblem(it *Item, err error) Problem {
	problem := Problem{File: p.spec.Dataset.Path, Line: it.Line, Message: err.Error()}
	var missing *missingField
	if errors.As(err, &missing) {
		names := append([]string{"input", "expected"}, it.Paths()...)
		names = slices.DeleteFunc(names, func(n string) bool { return strings.Contains(n, ".") })
		problem.Hint = didYouMean(missing.name, names, "its fields are")
	}
	return problem
}
