package caller

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
	"github.com/crucible-go/crucible/pkg/hedge"
	"github.com/crucible-go/crucible/pkg/hedge/lab"
)

// policy is a hedge policy at work: what calls of one provider and model share
// that are hedged alike.
type policy struct {
	*hedge.Policy
	spec *experiment.Hedge

	once sync.Once // of making Policy
	err  error
}

// policies are those of this process. What a policy has learnt outlives a run:
// the next one over the same models begins warm.
type policies struct {
	mu    sync.Mutex
	byKey map[string]*policy
}

// mostPolicies bounds the memory: each holds a histogram.
const mostPolicies = 512

// get returns the policy of a key, made by f once.
func (p *policies) get(key string, f func(*policy) error) (*policy, error) {
	p.mu.Lock()
	h := p.byKey[key]
	if h == nil {
		if p.byKey == nil || len(p.byKey) >= mostPolicies {
			p.byKey = map[string]*policy{}
		}
		h = new(policy)
		p.byKey[key] = h
	}
	p.mu.Unlock()
	h.once.Do(func() { h.err = f(h) })
	return h, h.err
}

// policy is that of the call, nil if it is not hedged.
func (c *call) policy() (*policy, error) {
	o := c.order
	if o.Hedge == nil || o.Hedge.Strategy == hedge.None || o.Provider == provider.NameRecorded {
		return nil, nil
	}
	key := []string{c.pool.Name, c.request.Model, o.Hedge.Strategy, string(o.Hedge.Options)}
	if o.Hedge.Strategy == hedge.WorkloadAware { // compares models and priorities with all calls
		key = []string{o.Provider, o.Hedge.Strategy}
	}
	make := c.learning
	if o.Virtual {
		key = append(key, behaviour(o.Simulated))
		for i := range o.Hedge.Backups {
			key = append(key, behaviour(o.Hedge.Backups[i].Simulated))
		}
		make = c.frozen
	}
	p, err := c.policies.get(strings.Join(key, "\x00"), make)
	if err != nil {
		return nil, fmt.Errorf("hedge strategy %s: %w", o.Hedge.Strategy, err)
	}
	return p, nil
}

// learning makes a policy that learns from the calls that are made.
func (c *call) learning(p *policy) (err error) {
	if p.spec, err = experiment.HedgeOf(c.order.Hedge); err != nil {
		return err
	}
	p.Policy, err = hedge.New(p.spec.Policy())
	return err
}

// frozen makes a policy that has learnt from calls that the simulated models
// would answer, and learns no more: on the virtual clock nobody can tell which
// call comes before which, so what becomes of one may not depend on another.
func (c *call) frozen(p *policy) (err error) {
	if p.spec, err = experiment.HedgeOf(c.order.Hedge); err != nil {
		return err
	}
	ask := provider.NewSimulated()
	p.Policy, err = lab.Train(p.spec.Policy(), c.order.Retries, func(call, n int) hedge.Copy {
		order := *c.target(n).order
		order.Seed, order.Messages = events.Seed("training", strconv.Itoa(call)), nil
		if order.Simulated != nil {
			order.Simulated = general(order.Simulated)
		}
		reply, err := ask.Ask(context.Background(), &provider.Request{Provider: order.Provider, Order: &order, Attempt: n + 1})
		return copyOf(reply, asFailureOrNil(err))
	})
	return err
}

// behaviour identifies how long a simulated model takes and how often it fails.
func behaviour(s *events.Simulated) string {
	if s == nil {
		return ""
	}
	b, err := json.Marshal(general(s))
	if err != nil {
		return ""
	}
	return string(b)
}

// general is the behaviour of a simulated model whatever the item. Where
// latencies grow in the course of a run it is that of the nearest of eight steps
// in an octave, so that a few policies serve for all.
func general(s *events.Simulated) *events.Simulated {
	g := *s
	g.Expected, g.Item, g.Accuracy, g.ErrorCorrelation, g.SameWrong = "", 0, 1, 0, 0
	if g.Latency.Scale > 0 {
		g.Latency.Scale = math.Exp2(math.Round(8*math.Log2(g.Latency.Scale)) / 8)
	}
	return &g
}

// copyOf is what became of an attempt on the virtual clock.
func copyOf(r *provider.Reply, f *provider.Error) hedge.Copy {
	if f != nil {
		return hedge.Copy{Took: time.Duration(f.LatencyNS), Failed: true, Lasting: !f.Retryable}
	}
	return hedge.Copy{Took: time.Duration(r.LatencyNS), Quality: quality(r)}
}

// quality is how good an answer is, for multi_tier: complete, cut off, or none.
func quality(r *provider.Reply) float64 {
	switch r.Finish {
	case "length", "max_tokens":
		return 0.5
	case "refusal", "content_filter", "safety":
		return 0
	}
	return 1
}

func asFailureOrNil(err error) *provider.Error {
	var f *provider.Error
	if err == nil || errors.As(err, &f) {
		return f
	}
	return asFailure(err)
}

// class is what the call has in common with others of its policy.
func (c *call) class(p *policy) hedge.Class {
	return hedge.Class{Length: hedge.LengthOf(promptTokens(c.order)), Model: c.pool.Name + "/" + c.request.Model, Priority: p.spec.Priority}
}

// promptTokens estimates the length of the prompt, at four bytes a token.
func promptTokens(o *events.CallRequested) int {
	n := 0
	for i := range o.Messages {
		n += len(o.Messages[i].Content)
	}
	return n / 4
}

// target is whom the n-th copy of the call asks, from 0: the order's own model
// first, then its backups.
func (c *call) target(n int) target {
	if n == 0 || c.order.Hedge == nil || len(c.order.Hedge.Backups) == 0 {
		return c.primary()
	}
	b := &c.order.Hedge.Backups[min(n, len(c.order.Hedge.Backups))-1]
	order := *c.order
	order.Provider, order.Params, order.Price, order.Simulated = b.Provider, b.Params, b.Price, b.Simulated
	order.TimeoutNS, order.LoserCost, order.Stream, order.Accept = b.TimeoutNS, b.LoserCost, b.Stream, b.Accept
	t := target{pool: c.pool, order: &order, member: b.Member, model: b.Model}
	if b.Pool != c.pool.Name {
		t.pool = c.served(b.Pool)
	}
	return t
}
