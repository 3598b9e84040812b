package hedge

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The strategies.
const (
	None               = "none"
	Fixed              = "fixed"
	Percentile         = "percentile"
	Adaptive           = "adaptive"
	Bandit             = "bandit"
	WorkloadAware      = "workload_aware"
	ExponentialBackoff = "exponential_backoff"
	SingleR            = "single_r"
	MultiTier          = "multi_tier"
	Custom             = "custom"
)

// Strategies lists the names, in the order in which they are best tried.
func Strategies() []string {
	return []string{None, Fixed, Percentile, Adaptive, SingleR, WorkloadAware, Bandit, ExponentialBackoff, MultiTier}
}

// Options is a policy in words. Zero values take the defaults that Resolve puts.
type Options struct {
	Strategy string
	// Budget is the number of extra calls for each first copy, in (0, 1]; default
	// 0.05. It bounds every strategy, and most derive their delay from it.
	Budget float64
	// Burst is how many extra calls may be saved up; default 20.
	Burst int
	// MaxHedges is the number of backups of one call, 1 to 4; default 1, and for
	// multi_tier one less than the tiers.
	MaxHedges int
	// Delay is that of fixed, and of single_r where it is not to be derived.
	Delay time.Duration
	// Probability is that of single_r with a Delay, in (0, 1]; default what the
	// budget allows.
	Probability float64
	// InitialDelay holds until MinSamples latencies are known; 0 waits with
	// backups till then.
	InitialDelay time.Duration
	// MinDelay and MaxDelay clamp every delay; defaults 0 and none.
	MinDelay, MaxDelay time.Duration
	// Percentile is the order of the quantile in per cent, in (0, 100); default
	// 100·(1 − Budget).
	Percentile float64
	// Window is the number of latencies that are remembered; default 4,000.
	Window int
	// MinSamples is how many latencies a strategy needs; default 20.
	MinSamples int
	// Target is the order of the quantile that single_r makes small; default 0.99.
	Target float64
	// LearningRate is how fast adaptive follows, in (0, 1]; default 0.02.
	LearningRate float64
	// Candidates are the delays that bandit chooses from; default 8 quantiles of
	// what was seen.
	Candidates []time.Duration
	// BaseDelay is scaled by workload_aware; default the quantile over all classes.
	BaseDelay time.Duration
	// Tiers are those of multi_tier.
	Tiers []Tier
	// Seed determines what bandit draws.
	Seed uint64
	// Custom is a strategy of one's own, for the strategy "custom".
	Custom Strategy
}

// Tier is one step of multi_tier: a copy asked of another model.
type Tier struct {
	Name string
	// Delay is how long this tier may take before the next is asked too.
	Delay time.Duration
	// Quality is the least quality of an answer that ends the call, 0 to 1.
	Quality float64
	// Price is what a call of this tier costs, in US dollars, for the report.
	Price float64
}

// resolved returns the options with defaults in place, or what is wrong.
func (o Options) resolved() (Options, error) {
	if o.Strategy == "" {
		o.Strategy = None
	}
	if known := append(Strategies(), Custom); !slices.Contains(known, o.Strategy) {
		return o, fmt.Errorf("hedge: unknown strategy %q: want one of %s", o.Strategy, strings.Join(known, ", "))
	}
	put := func(to *int, value int) {
		if *to == 0 {
			*to = value
		}
	}
	if o.Budget == 0 {
		o.Budget = 0.05
	}
	put(&o.Burst, 20)
	put(&o.Window, 4000)
	put(&o.MinSamples, 20)
	if o.Strategy == MultiTier {
		put(&o.MaxHedges, len(o.Tiers)-1)
	} else {
		put(&o.MaxHedges, 1)
	}
	if o.Target == 0 {
		o.Target = 0.99
	}
	if o.Percentile == 0 {
		o.Percentile = 100 * (1 - o.Budget)
		if o.Budget == 1 {
			o.Percentile = 1
		}
	}
	if o.LearningRate == 0 {
		o.LearningRate = adaptiveGain
	}
	if o.MaxDelay == 0 {
		o.MaxDelay = 24 * time.Hour
	}
	return o, o.check()
}

func (o Options) check() error {
	bad := func(format string, args ...any) error { return fmt.Errorf("hedge: "+format, args...) }
	const day = 24 * time.Hour
	for _, d := range []struct {
		name string
		d    time.Duration
	}{{"delay", o.Delay}, {"initial_delay", o.InitialDelay}, {"base_delay", o.BaseDelay}, {"min_delay", o.MinDelay}, {"max_delay", o.MaxDelay}} {
		if d.d < 0 || d.d > day {
			return bad("%s %v is outside of 0 to 24h", d.name, d.d)
		}
	}
	switch {
	case !(o.Budget > 0 && o.Budget <= 1):
		return bad("budget %v is outside of (0, 1]: extra calls for each first one", o.Budget)
	case o.Burst < 1:
		return bad("burst %d is below one call", o.Burst)
	case !(o.Percentile > 0 && o.Percentile < 100):
		return bad("percentile %v is outside of (0, 100)", o.Percentile)
	case !(o.Target > 0 && o.Target < 1):
		return bad("target %v is outside of (0, 1)", o.Target)
	case !(o.Probability >= 0 && o.Probability <= 1):
		return bad("probability %v is outside of [0, 1]", o.Probability)
	case !(o.LearningRate > 0 && o.LearningRate <= 1):
		return bad("learning_rate %v is outside of (0, 1]", o.LearningRate)
	case o.MinDelay > o.MaxDelay:
		return bad("min_delay %v is above max_delay %v", o.MinDelay, o.MaxDelay)
	case o.Window < panes || o.Window > 10_000_000:
		return bad("window %d is outside of %d to 10,000,000 latencies", o.Window, panes)
	case o.MinSamples < 1 || o.MinSamples > o.Window:
		return bad("min_samples %d is outside of 1 to the window, %d", o.MinSamples, o.Window)
	case o.Strategy == Fixed && o.Delay == 0:
		return bad("fixed needs a delay")
	case o.Strategy == MultiTier && len(o.Tiers) < 2:
		return bad("multi_tier needs two tiers or more")
	case o.Strategy == Custom && o.Custom == nil:
		return bad("custom needs a strategy")
	case o.MaxHedges < 1 || o.MaxHedges > 4:
		return bad("max_hedges %d is outside of 1 to 4", o.MaxHedges)
	case o.Strategy == Bandit && o.Candidates != nil && len(o.Candidates) < 2:
		return bad("bandit needs two delays or more to choose from")
	}
	for i, d := range o.Candidates {
		if d <= 0 || d > day {
			return bad("delay_candidates[%d] is %v, outside of 0 to 24h", i, d)
		}
	}
	for i, t := range o.Tiers {
		if t.Delay < 0 || t.Delay > day || !(t.Quality >= 0 && t.Quality <= 1) || !(t.Price >= 0) {
			return bad("tiers[%d]: want a delay of 0 to 24h, a quality of 0 to 1 and a price that is not negative", i)
		}
	}
	return nil
}
