package simulate

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
)

// maxRequest is the size in bytes of the largest request that is read.
const maxRequest = 8 << 20

// The headers by which a client says which call a request belongs to, and which
// copy of the call it is, from 1. Without them a call is its prompt, and copies are
// numbered as they come.
const (
	HeaderCall = "X-Crucible-Call"
	HeaderCopy = "X-Crucible-Copy"
)

// exchange is one request on its way to its answer.
type exchange struct {
	*Server
	dialect
	w     http.ResponseWriter
	r     *http.Request
	began time.Time
	q     *request
	model *model
}

// serve is the handler of a dialect.
func (s *Server) serve(d dialect) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e := &exchange{Server: s, dialect: d, w: w, r: r, began: time.Now()}
		s.counts.enter()
		defer func() {
			s.last.Store(time.Now().UnixNano())
			s.counts.leave()
		}()
		e.complete()
	}
}

func (x *exchange) complete() {
	serial := x.serial.Add(1)
	id := strconv.FormatUint(serial, 10)
	x.w.Header()["X-Request-Id"] = []string{"req-simulated-" + id}
	x.w.Header()["Request-Id"] = []string{"req-simulated-" + id}
	x.first.CompareAndSwap(0, x.began.UnixNano())
	if p, ok := x.accept(); !ok {
		x.counts.rejected.Add(1)
		x.fail(p)
		return
	}
	x.model.counts.enter()
	defer x.model.counts.leave()
	if x.q.stream {
		x.counts.streamed.Add(1)
	}
	estimate := x.q.input() + x.expectedOutput()
	if l := x.model.admit(x.began, estimate); l.wait > 0 {
		x.turnAway(l, x.w.Header())
		return
	}
	call := x.q.identity(x.config.Seed, x.r.Header.Get(HeaderCall))
	ordinal := x.copy(call)
	if x.model.turnsAway(call, ordinal) {
		x.turnAway(levels{wait: x.model.RetryAfter}, x.w.Header())
		return
	}
	c := x.decide(call, ordinal, serial)
	c.id = id
	x.model.tokens.settle(c.in + c.out - estimate)
	x.dialect.limits(x.w.Header(), x.model.levels(x.began), x.began)
	x.send(c)
}

// accept reads the request and finds its model, or says what is wrong with it.
func (x *exchange) accept() (problem, bool) {
	if want := x.config.Key.Reveal(); want != "" && subtle.ConstantTimeCompare([]byte(x.key(x.r)), []byte(want)) != 1 {
		return unauthorized(), false
	}
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxRequest))
	if err != nil {
		return problem{http.StatusRequestEntityTooLarge, "too_large", "the request could not be read", 0}, false
	}
	if x.q, err = x.read(x.r, body); err != nil {
		return invalid("the request is not valid: " + err.Error()), false
	}
	if x.model = x.lookup(x.q.model); x.model == nil {
		return unknownModel(x.q.model), false
	}
	return problem{}, true
}

// lookup finds a model by its name, nil for none.
func (s *Server) lookup(name string) *model {
	if m := s.models[name]; m != nil {
		return m
	}
	if name == "" {
		return nil
	}
	return s.models[AnyModel]
}

// expectedOutput is what the answer's tokens are taken to be before they are known.
func (x *exchange) expectedOutput() int64 {
	n := int64(64)
	if t := x.model.Tokens; t != nil && t.Output > 0 {
		n = t.Output
	}
	if x.q.limit > 0 {
		n = min(n, x.q.limit)
	}
	return n
}

// admit takes a request and its tokens from the model's limits, or says how long
// to wait.
func (m *model) admit(now time.Time, tokens int64) levels {
	if m.requests.limit == 0 && m.tokens.limit == 0 {
		return levels{}
	}
	wait := m.tokens.admit(now, 0) // only looks
	if wait == 0 {
		wait = m.requests.admit(now, 1)
	}
	if wait == 0 {
		m.tokens.settle(tokens)
	}
	l := m.levels(now)
	l.wait = wait
	return l
}

func (m *model) levels(now time.Time) levels {
	return levels{requests: m.requests.level(now), tokens: m.tokens.level(now)}
}

// copy is which copy of a call the request is.
func (x *exchange) copy(call uint64) int {
	if n, err := strconv.Atoi(x.r.Header.Get(HeaderCopy)); err == nil && n > 0 && n <= math.MaxInt32 {
		return n
	}
	return x.seen.next(call)
}

// turnsAway decides by chance whether a request is turned away.
func (m *model) turnsAway(call uint64, ordinal int) bool {
	if m.RateLimitRate == 0 {
		return false
	}
	chance := &events.Simulated{ErrorRate: m.RateLimitRate}
	return provider.Simulate(chance, ^call, ordinal).Fails
}

// turnAway answers with status 429.
func (x *exchange) turnAway(l levels, h http.Header) {
	x.counts.rateLimited.Add(1)
	x.model.counts.rateLimited.Add(1)
	x.dialect.limits(h, l, x.began)
	x.fail(problem{http.StatusTooManyRequests, "rate_limit_exceeded", "simulated rate limit of " + x.model.ID, l.wait})
}

// decide is a function of the server's seed, the model, the call, the number of
// its copy and, for the text alone, the seed in the request; and, where there are
// phases, of the time.
func (x *exchange) decide(call uint64, ordinal int, serial uint64) *completion {
	m, q := x.model, x.q
	question := q.question()
	known := x.config.Answers.Lookup(question)
	sim := m.Simulated
	sim.Expected, sim.RetryAfterNS = known.Expected, int64(m.RetryAfter)
	if a, ok := m.ByDifficulty[known.Difficulty]; ok && known.Found {
		sim.Accuracy = a
	}
	if sim.ErrorCorrelation > 0 || sim.SameWrong > 0 {
		sim.Item = x.item(known, question)
	}
	apply(x.config.Phases, &sim, m.ID, x.began.Sub(time.Unix(0, x.first.Load())), serial-1)
	o := provider.SimulateFrom(&sim, m.dist, call, ordinal)
	if q.seed != nil && textIsAnswer(o.Mode) {
		o.Text = provider.SimulateFrom(&sim, nil, events.Seed(strconv.FormatUint(call, 10), strconv.FormatInt(*q.seed, 10)), 1).Text
	}
	if !known.Found && m.Reply != "" && textIsAnswer(o.Mode) {
		o.Text = m.Reply
	}
	c := &completion{model: q.model, text: o.Text, mode: o.Mode, finish: "stop", outcome: o, in: q.input()}
	c.cached = provider.CachedTokens(c.in, &sim)
	if sim.Tokens != nil {
		c.out = o.Tokens
	}
	c.finishAt(q.limit)
	return c
}

// item is the identity of a question for every model.
func (x *exchange) item(known Known, question string) uint64 {
	if known.Found {
		question = known.Question
	}
	return events.Seed("simulate item", strconv.FormatUint(x.config.Seed, 10), question)
}

// textIsAnswer reports whether a mode leaves the text as it is.
func textIsAnswer(mode string) bool {
	return mode != provider.ModeRefusal && mode != provider.ModeTruncated && mode != provider.ModeLimitText
}

// finishAt cuts the text at the limit of tokens and counts.
func (c *completion) finishAt(limit int64) {
	switch c.mode {
	case provider.ModeEmpty, provider.ModeContentFilter:
		c.text = ""
	case provider.ModeTruncated:
		c.finish = "length"
	}
	visible := provider.EstimateTokens(c.text)
	c.out = max(visible, c.out)
	if limit <= 0 || c.out <= limit {
		c.reasoning = c.out - visible
		return
	}
	if visible > limit {
		c.text = string([]rune(c.text)[:4*limit])
		visible = limit
	}
	// A model that thinks longer than it may has the rest of its text cut off:
	// here only the thoughts are.
	c.out, c.reasoning = limit, limit-visible
	if c.text != c.outcome.Text {
		c.finish = "length"
	}
}

// fail answers with a problem.
func (x *exchange) fail(p problem) {
	status, body := x.problem(p)
	writeJSON(x.w, status, body)
}

// errGone is the error of a client that went away.
var errGone = errors.New("the client has gone")

// wait waits until some time after the request came.
func (x *exchange) wait(after time.Duration) error {
	d := after - time.Since(x.began)
	if d <= 0 {
		return x.r.Context().Err()
	}
	return wait(x.r.Context(), d)
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return errGone
	case <-t.C:
		return nil
	}
}
