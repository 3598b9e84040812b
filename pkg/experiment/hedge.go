package experiment

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailru/easyjson"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/hedge"
)

// Hedge is a policy for backup requests.
type Hedge struct {
	Strategy        string      `json:"strategy" doc:"How the delay before a backup request is found."`
	Budget          float64     `json:"budget,omitempty" doc:"Extra calls, retries included, in per cent of first ones: above 0, at most 100; default 5, and 100 - percentile where that is given."`
	Burst           int         `json:"burst,omitempty" doc:"Extra calls that may be saved up; default 20."`
	MaxHedges       int         `json:"max_hedges,omitempty" doc:"Backup requests per call, 1 to 4; default 1, of multi_tier one less than tiers."`
	Backup          string      `json:"backup,omitempty" doc:"Id of the model that backups ask: another key, region or model; default the same one."`
	Delay           Duration    `json:"delay,omitempty" doc:"fixed: the delay; single_r: the delay instead of the best one."`
	Probability     float64     `json:"probability,omitempty" doc:"single_r with a delay: the chance of a backup, 0 to 1; default what the budget allows."`
	InitialDelay    Duration    `json:"initial_delay,omitempty" doc:"Delay until enough latencies are known; default no backups till then."`
	MinDelay        Duration    `json:"min_delay,omitempty" doc:"No delay is shorter."`
	MaxDelay        Duration    `json:"max_delay,omitempty" doc:"No delay is longer."`
	BaseDelay       Duration    `json:"base_delay,omitempty" doc:"workload_aware: the delay that is scaled; default the quantile over all calls."`
	Percentile      float64     `json:"percentile,omitempty" doc:"percentile, workload_aware: of the latencies seen, between 0 and 100; default 100 - budget."`
	Target          float64     `json:"target,omitempty" doc:"single_r, bandit: the order of the quantile that is made small, between 0 and 1; default 0.99."`
	Window          int         `json:"window,omitempty" doc:"Latencies that are remembered; default 4000."`
	MinSamples      int         `json:"min_samples,omitempty" doc:"Latencies that are needed; default 20."`
	LearningRate    float64     `json:"learning_rate,omitempty" doc:"adaptive: how fast the delay follows, above 0, at most 1; default 0.02."`
	DelayCandidates []Duration  `json:"delay_candidates,omitempty" doc:"bandit: the delays to choose from; default quantiles of what was seen."`
	Priority        string      `json:"priority,omitempty" doc:"workload_aware: the class of the condition's calls; others have delays of their own."`
	Tiers           []HedgeTier `json:"tiers,omitempty" doc:"multi_tier: the members' own tier, then the models that are asked next."`
	Cancel          *bool       `json:"enable_cancellation,omitempty" doc:"Whether the slower copies are cancelled; default true. If not they run to their end, for their exact cost."`
}

// HedgeTier is a step of multi_tier.
type HedgeTier struct {
	Model   string   `json:"model,omitempty" doc:"Id of the model; of the first tier nothing: it is the member itself."`
	Delay   Duration `json:"delay,omitempty" doc:"How long the tier may take before the next is asked too."`
	Quality float64  `json:"quality_threshold,omitempty" doc:"Least quality of an answer that ends the call, 0 to 1; 1 is a complete answer, 0.5 one that was cut off."`
}

// Hedges reports whether the policy asks for backups at all.
func (h *Hedge) Hedges() bool { return h.Strategy != "" && h.Strategy != hedge.None }

// Cancels reports whether the slower copies of a call are cancelled.
func (h *Hedge) Cancels() bool { return h.Cancel == nil || *h.Cancel }

// models are the ids of the models that backups ask, in the order of the copies;
// none where they ask what the first copy asks.
func (h *Hedge) models() []string {
	if h.Strategy == hedge.MultiTier && len(h.Tiers) > 1 {
		ids := make([]string, 0, len(h.Tiers))
		for _, t := range h.Tiers[1:] {
			ids = append(ids, t.Model)
		}
		return ids
	}
	if h.Backup != "" {
		return []string{h.Backup}
	}
	return nil
}

// Asks are the ids of the models that the condition asks: its members and the
// backups of its hedge policy.
func (c *Condition) Asks() []string { return slices.Concat(c.Members, c.Hedge.models()) }

// Policy returns the policy as pkg/hedge has it.
func (h *Hedge) Policy() hedge.Options {
	o := hedge.Options{
		Strategy: h.Strategy, Budget: h.Budget / 100, Burst: h.Burst, MaxHedges: h.MaxHedges,
		Delay: time.Duration(h.Delay), Probability: h.Probability, InitialDelay: time.Duration(h.InitialDelay),
		MinDelay: time.Duration(h.MinDelay), MaxDelay: time.Duration(h.MaxDelay), BaseDelay: time.Duration(h.BaseDelay),
		Percentile: h.Percentile, Target: h.Target, Window: h.Window, MinSamples: h.MinSamples, LearningRate: h.LearningRate,
	}
	if o.Budget == 0 && o.Percentile > 0 && o.Percentile < 100 {
		o.Budget = 1 - o.Percentile/100
	}
	for _, d := range h.DelayCandidates {
		o.Candidates = append(o.Candidates, time.Duration(d))
	}
	for _, t := range h.Tiers {
		o.Tiers = append(o.Tiers, hedge.Tier{Name: t.Model, Delay: time.Duration(t.Delay), Quality: t.Quality})
	}
	return o
}

// HedgeOf reads the policy of an order.
func HedgeOf(h *events.Hedge) (*Hedge, error) {
	out := new(Hedge)
	if len(h.Options) > 0 {
		if err := json.Unmarshal(h.Options, out); err != nil {
			return nil, fmt.Errorf("read the options of hedge strategy %q: %w", h.Strategy, err)
		}
	}
	out.Strategy = h.Strategy
	return out, nil
}

// options are the keys of the policy that are set, as canonical JSON.
func (h Hedge) options() []byte {
	b, err := json.Marshal(h)
	if err != nil {
		panic("experiment: " + err.Error()) // a struct of numbers and durations
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(b, &keys); err != nil {
		panic("experiment: " + err.Error())
	}
	delete(keys, "strategy")
	return mustCanonical(keys)
}

// hedge plans the policy of a condition and its backups.
func (p *Plan) hedge(out *plannedCondition, c *Condition) error {
	if !c.Hedge.Hedges() {
		return nil
	}
	out.hedge = &events.Hedge{Strategy: c.Hedge.Strategy, Options: easyjson.RawMessage(c.Hedge.options())}
	for _, id := range c.Hedge.models() {
		m, err := p.member(out, id, nil)
		if err != nil {
			return err
		}
		out.backups = append(out.backups, m)
	}
	return nil
}

// hedgeOf is the policy for a call about an item at a place in the run.
func (p *Plan) hedgeOf(c *plannedCondition, it *Item, spans []span, at float64) *events.Hedge {
	if c.hedge == nil || len(c.backups) == 0 {
		return c.hedge
	}
	h := *c.hedge
	h.Backups = make([]events.Backup, len(c.backups))
	for i := range c.backups {
		m := &c.backups[i]
		b := events.Backup{Member: m.id, Provider: m.model.Provider, Pool: m.pool, Model: m.model.Model, Params: m.params,
			Stream: m.model.Stream, Accept: m.model.Accept, TimeoutNS: int64(m.model.Timeout), LoserCost: m.model.LoserCost, Price: m.price}
		if m.model.Provider == "simulated" {
			b.Simulated = p.simulated(m, it, spans, at)
		}
		h.Backups[i] = b
	}
	return &h
}

// strategiesOf are the strategies that an option means something to, nil for
// those that mean something to all.
func strategiesOf(option string) []string {
	learn := []string{hedge.Percentile, hedge.Adaptive, hedge.SingleR, hedge.WorkloadAware, hedge.Bandit}
	switch option {
	case "delay":
		return []string{hedge.Fixed, hedge.SingleR}
	case "probability":
		return []string{hedge.SingleR}
	case "initial_delay":
		return append(learn, hedge.ExponentialBackoff)
	case "window", "min_samples":
		return learn
	case "base_delay", "priority":
		return []string{hedge.WorkloadAware}
	case "percentile":
		return []string{hedge.Percentile, hedge.WorkloadAware}
	case "target":
		return []string{hedge.SingleR, hedge.Bandit}
	case "learning_rate":
		return []string{hedge.Adaptive}
	case "delay_candidates":
		return []string{hedge.Bandit}
	case "tiers":
		return []string{hedge.MultiTier}
	case "backup":
		return slices.DeleteFunc(hedge.Strategies(), func(s string) bool { return s == hedge.None || s == hedge.MultiTier })
	}
	return nil
}

func (c checker) checkHedge(cond *Condition, at string, ids []string) {
	h := &cond.Hedge
	switch {
	case h.Strategy == hedge.None && len(h.options()) > len("{}"):
		c.problem(at, "name a strategy: "+strings.Join(hedge.Strategies()[1:], ", "), "hedge has options, but its strategy is none")
		return
	case !h.Hedges() || !Supported("conditions.hedge.strategy").Known(h.Strategy):
		return
	}
	for _, option := range []string{"delay", "probability", "initial_delay", "window", "min_samples", "base_delay", "priority", "percentile",
		"target", "learning_rate", "delay_candidates", "tiers", "backup"} {
		if s := strategiesOf(option); c.has(at+"."+option) && !slices.Contains(s, h.Strategy) {
			c.problem(at+"."+option, "leave it out, or write strategy: "+strings.Join(s, " or "), "%s has no meaning with strategy %s", option, h.Strategy)
		}
	}
	c.checkHedgeNumbers(h, at)
	for i, id := range h.models() {
		path := at + ".backup"
		if h.Strategy == hedge.MultiTier {
			path = fmt.Sprintf("%s.tiers[%d].model", at, i+1)
		}
		c.checkBackup(path, id, ids)
	}
	if h.Strategy == hedge.MultiTier {
		c.checkTiers(h, at)
	}
	for _, id := range cond.Members {
		if m := c.s.model(id); m != nil && m.Provider == "recorded" {
			c.warn("condition %q hedges the recorded model %q: its answers are there at once, so there is nothing to hedge", cond.Name, id)
		}
	}
}

// checkHedgeNumbers refuses what is out of range, and leaves to pkg/hedge what it
// says best.
func (c checker) checkHedgeNumbers(h *Hedge, at string) {
	const day = Duration(24 * time.Hour)
	for _, d := range []struct {
		name  string
		value Duration
	}{{"delay", h.Delay}, {"initial_delay", h.InitialDelay}, {"min_delay", h.MinDelay}, {"max_delay", h.MaxDelay}, {"base_delay", h.BaseDelay}} {
		if d.value > day {
			c.problem(at+"."+d.name, "a backup that waits longer than a call helps nobody: try its 95th percentile", "%s.%s: %s is more than 24h", at, d.name, d.value)
		}
	}
	above := func(option string, value, most float64, hint string) {
		if c.has(at+"."+option) && !(value > 0 && value <= most) {
			c.problem(at+"."+option, hint, "%s.%s: %v is not above 0 and at most %v", at, option, value, most)
		}
	}
	above("budget", h.Budget, 100, "extra calls in per cent of first ones: write 5 for one in twenty")
	if h.Budget > 0 && h.Budget < 0.1 {
		c.problem(at+".budget", "it is in per cent: write 5 for one extra call in twenty", "%s.budget: %v per cent is less than one call in a thousand", at, h.Budget)
	}
	above("probability", h.Probability, 1, "")
	above("learning_rate", h.LearningRate, 1, "0.02 follows a drift within a few hundred calls")
	above("max_hedges", float64(h.MaxHedges), 4, "")
	above("burst", float64(h.Burst), 1e9, "")
	for _, o := range []struct {
		name        string
		value, most float64
	}{{"percentile", h.Percentile, 100}, {"target", h.Target, 1}} {
		if c.has(at+"."+o.name) && !(o.value > 0 && o.value < o.most) {
			c.problem(at+"."+o.name, "", "%s.%s: %v is not between 0 and %v", at, o.name, o.value, o.most)
		}
	}
	if h.Strategy == hedge.Fixed && h.Delay == 0 && !c.has(at+".delay") && !c.troubled(at) {
		c.problem(at, "write delay: 2s, about the 95th percentile of the latencies", "%s.delay is missing: strategy fixed needs it", at)
	}
	if _, err := hedge.New(h.Policy()); err != nil && !c.troubled(at) {
		c.problem(at, "", "%s: %s", at, strings.TrimPrefix(err.Error(), "hedge: "))
	}
}

// troubled reports whether something is wrong with the value at a path or below.
func (c checker) troubled(path string) bool {
	return slices.ContainsFunc(c.problems, func(p Problem) bool {
		return p.Path == path || strings.HasPrefix(p.Path, path+".")
	})
}

// checkBackup checks the model that a backup asks.
func (c checker) checkBackup(path, id string, ids []string) {
	if id == "" {
		c.problem(path, "name one of: "+strings.Join(ids, ", "), "%s is missing: name the model that is asked next", path)
		return
	}
	m := c.s.model(id)
	switch {
	case m == nil:
		c.problem(path, didYouMean(id, ids, "the models are"), "there is no model %q", id)
	case m.Provider == "recorded":
		c.problem(path, "name a model that can be asked", "the recorded model %q cannot be a backup: nobody asks it", id)
	}
}

func (c checker) checkTiers(h *Hedge, at string) {
	if len(h.Tiers) > 0 && h.Tiers[0].Model != "" {
		c.problem(at+".tiers[0].model", "leave it out", "the first tier is the member itself and names no model")
	}
	for i, t := range h.Tiers {
		if t.Quality < 0 || t.Quality > 1 {
			c.problem(fmt.Sprintf("%s.tiers[%d].quality_threshold", at, i), "", "quality_threshold: %v is not between 0 and 1", t.Quality)
		}
	}
}
