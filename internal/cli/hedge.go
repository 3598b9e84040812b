package cli

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/crucible-go/crucible/internal/app"
	"github.com/crucible-go/crucible/pkg/hedge"
	"github.com/crucible-go/crucible/pkg/hedge/lab"
	"github.com/crucible-go/crucible/pkg/latency"
)

// hedgeFlags are those of crucible hedge.
type hedgeFlags struct {
	shape, samples         string
	p50, p95, p99          time.Duration
	mean, sd               time.Duration
	slowFraction           float64
	slowFactor             float64
	correlation            float64
	strategy               string
	budget                 float64 // per cent
	calls                  int
	seed                   uint64
	delay                  time.Duration
	percentile, chance     float64
	target                 float64
	window                 int
	promptShare            float64
	hasMean, hasSlow, hasQ bool // said by the user
}

// shapes are the distributions that --shape names.
func shapes() []string { return []string{"piecewise", "lognormal", "bimodal", "pareto"} }

func (c *cli) hedgeCommand() *cobra.Command {
	var f hedgeFlags
	cmd := &cobra.Command{
		Use:   "hedge",
		Short: "Try a hedging policy in virtual time",
		Long: "Plays calls with random latencies against a hedging policy, the same code that\n" +
			"hedges real calls, and prints what becomes of the tail, what it costs, and the best\n" +
			"that any policy could do for the budget, its frontier. Nothing is called and nothing\n" +
			"waits.\n\n" +
			"Latencies come from a shape through --p50, --p95 and --p99 (lognormal: through the\n" +
			"first and the last, or of a --mean and --sd; pareto: likewise through two), or from\n" +
			"measured ones, a number of milliseconds on each line of --samples. --slow-fraction\n" +
			"makes a share of the calls slower by --slow-factor. With a --correlation of a call's\n" +
			"copies the frontier is the best in hindsight of 200,000 simulated pairs, known to a\n" +
			"per cent or two; without, it is computed.",
		Example: examples(`crucible hedge --strategy single_r --budget 5 --calls 1000000`,
			`crucible hedge --shape lognormal --mean 5ms --sd 2ms --slow-fraction 0.05 --strategy adaptive --budget 8.9`,
			`crucible hedge --samples latencies.txt --strategy percentile --budget 10 --json`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			changed := cmd.Flags().Changed
			f.hasMean = changed("mean") || changed("sd")
			f.hasSlow = changed("slow-fraction") || changed("slow-factor")
			f.hasQ = changed("p50") || changed("p95") || changed("p99")
			return c.playHedge(f, changed("shape"))
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.shape, "shape", "piecewise", "the distribution: "+strings.Join(shapes(), ", "))
	fs.DurationVar(&f.p50, "p50", 800*time.Millisecond, "the median")
	fs.DurationVar(&f.p95, "p95", 2*time.Second, "the 95th percentile")
	fs.DurationVar(&f.p99, "p99", 5*time.Second, "the 99th percentile")
	fs.DurationVar(&f.mean, "mean", 0, "the mean of a lognormal, instead of percentiles")
	fs.DurationVar(&f.sd, "sd", 0, "its standard deviation")
	fs.Float64Var(&f.slowFraction, "slow-fraction", 0.05, "the share of calls that are slower")
	fs.Float64Var(&f.slowFactor, "slow-factor", 10, "by how much they are slower")
	fs.StringVar(&f.samples, "samples", "", "a file of measured latencies, milliseconds, one a line")
	fs.Float64Var(&f.correlation, "correlation", 0, "of the luck of a call's copies, 0 to 1")
	fs.StringVar(&f.strategy, "strategy", hedge.SingleR, "the policy: "+strings.Join(played(), ", "))
	fs.Float64Var(&f.budget, "budget", 5, "extra calls in per cent of first ones")
	fs.IntVar(&f.calls, "calls", 100_000, "how many calls to play")
	fs.Uint64Var(&f.seed, "seed", 1, "determines every latency and draw")
	fs.DurationVar(&f.delay, "delay", 0, "the delay of fixed, or of single_r instead of the best")
	fs.Float64Var(&f.percentile, "percentile", 0, "the percentile that is the delay; 0 follows from the budget")
	fs.Float64Var(&f.chance, "probability", 0, "the chance of a backup of single_r with --delay; 0 follows from the budget")
	fs.Float64Var(&f.target, "target", 0.99, "the quantile that single_r makes least")
	fs.IntVar(&f.window, "window", 4000, "how many latencies a policy remembers")
	fs.Float64Var(&f.promptShare, "prompt-share", 0.3, "the prompt's share of a call's price, which a cancelled copy costs in any case")
	return cmd
}

// played are the strategies that the laboratory plays: what copies of other models
// would answer it does not know.
func played() []string {
	return slices.DeleteFunc(hedge.Strategies(), func(s string) bool { return s == hedge.MultiTier })
}

// hedgeResult is what crucible hedge prints: times in milliseconds, shares as
// fractions.
type hedgeResult struct {
	Base        hedgeQuantiles `json:"base"`
	Hedged      hedgeQuantiles `json:"hedged"`
	Cut         float64        `json:"cut_p99"`
	Extra       float64        `json:"extra"`
	FrontierCut float64        `json:"frontier_cut_p99"`
	CostProrata float64        `json:"cost_prorata"`
	CostFull    float64        `json:"cost_full"`
	Delay       *float64       `json:"delay_ms"`
	Strategy    string         `json:"strategy"`
	Budget      float64        `json:"budget"`
	Calls       int            `json:"calls"`
	Seed        uint64         `json:"seed"`
}

type hedgeQuantiles struct {
	P50  float64 `json:"p50"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
}

func (c *cli) playHedge(f hedgeFlags, shaped bool) error {
	if !slices.Contains(played(), f.strategy) {
		return unknownName("strategy", "crucible hedge --help", f.strategy, played())
	}
	d, err := f.distribution(shaped)
	if err != nil {
		return hedgeUsage(err)
	}
	budget := f.budget / 100
	if !(budget > 0 && budget <= 1) {
		return &app.UsageError{Err: fmt.Errorf("--budget: %v is outside of (0, 100]", f.budget), Hint: "extra calls in per cent of first ones, such as 5"}
	}
	r, err := lab.Play(lab.Config{Latency: d, Correlation: f.correlation, Calls: f.calls, Seed: f.seed, PromptShare: f.promptShare,
		Policy: hedge.Options{Strategy: f.strategy, Budget: budget, Delay: f.delay, Percentile: f.percentile,
			Probability: f.chance, Target: f.target, Window: f.window, Seed: f.seed}})
	if err != nil {
		return hedgeUsage(err)
	}
	best, err := lab.Frontier(d, nil, f.correlation, budget, 0.99, f.seed)
	if err != nil {
		return hedgeUsage(err)
	}
	out := hedgeResult{Base: inMilliseconds(r.Base), Hedged: inMilliseconds(r.Hedged), Cut: r.Cut(), Extra: r.Extra,
		FrontierCut: 1 - float64(best)/float64(d.Quantile(0.99)), CostProrata: r.CostProrata, CostFull: r.CostFull,
		Strategy: f.strategy, Budget: budget, Calls: f.calls, Seed: f.seed}
	if r.Delay != math.MaxInt64 {
		delay := milliseconds(r.Delay)
		out.Delay = &delay
	}
	if c.asJSON {
		return c.printJSON(out)
	}
	return c.printHedge(out)
}

// hedgeUsage makes a fault of the flags of what the laboratory refuses.
func hedgeUsage(err error) error {
	var usage *app.UsageError
	if errors.As(err, &usage) {
		return err
	}
	text := err.Error()
	for _, prefix := range []string{"lab: ", "hedge: ", "latency: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return &app.UsageError{Err: errors.New(text), Hint: "crucible hedge --help says what the flags take"}
}

// distribution is that of the latencies.
func (f hedgeFlags) distribution(shaped bool) (latency.Distribution, error) {
	if f.samples != "" {
		if shaped || f.hasQ || f.hasMean {
			return nil, &app.UsageError{Err: errors.New("--samples and a shape exclude each other"), Hint: "leave out --shape and its figures"}
		}
		d, err := readSamples(f.samples)
		if err != nil {
			return nil, err
		}
		return f.slowed(d, f.hasSlow)
	}
	if f.hasMean && f.shape != "lognormal" && f.shape != "bimodal" {
		return nil, &app.UsageError{Err: fmt.Errorf("--mean and --sd are not for %s", f.shape), Hint: "add --shape lognormal"}
	}
	switch f.shape {
	case "piecewise":
		d, err := latency.NewPiecewise(f.p50, f.p95, f.p99)
		return f.slowedOr(d, err, f.hasSlow)
	case "lognormal":
		d, err := f.lognormal()
		return f.slowedOr(d, err, f.hasSlow)
	case "bimodal":
		if f.hasMean {
			d, err := latency.LognormalOf(f.mean, f.sd)
			return f.slowedOr(d, err, true)
		}
		return f.bimodal()
	case "pareto":
		d, err := latency.ParetoThrough(f.p50, f.p99)
		return f.slowedOr(d, err, f.hasSlow)
	}
	return nil, unknownName("shape", "crucible hedge --help", f.shape, shapes())
}

func (f hedgeFlags) lognormal() (latency.Lognormal, error) {
	if f.hasMean {
		return latency.LognormalOf(f.mean, f.sd)
	}
	return latency.LognormalThrough(f.p50, f.p99, 0.99)
}

// bimodal goes through the percentiles, with the share of slow calls; a factor
// that is given as well slows some of these calls once more.
func (f hedgeFlags) bimodal() (latency.Distribution, error) {
	d, err := latency.NewBimodal(f.p50, f.p95, f.p99, 0.05)
	return f.slowedOr(d, err, f.hasSlow)
}

func (f hedgeFlags) slowedOr(d latency.Distribution, err error, slow bool) (latency.Distribution, error) {
	if err != nil {
		return nil, err
	}
	return f.slowed(d, slow)
}

// slowed makes some of the calls slower.
func (f hedgeFlags) slowed(d latency.Distribution, slow bool) (latency.Distribution, error) {
	switch {
	case !slow:
		return d, nil
	case !(f.slowFraction >= 0 && f.slowFraction < 1):
		return nil, &app.UsageError{Err: fmt.Errorf("--slow-fraction: %v is outside of [0, 1)", f.slowFraction), Hint: "the share of calls that are slower, such as 0.05"}
	case !(f.slowFactor >= 1 && f.slowFactor <= 1e6):
		return nil, &app.UsageError{Err: fmt.Errorf("--slow-factor: %v is outside of 1 to 1,000,000", f.slowFactor), Hint: "how many times slower they are, such as 10"}
	}
	return latency.Slowed{Base: d, Share: f.slowFraction, Factor: f.slowFactor}, nil
}

// readSamples reads milliseconds, one a line; empty lines and what follows a # do
// not count.
func readSamples(path string) (latency.Distribution, error) {
	file, err := os.Open(path) //nolint:gosec // the user names his own file
	if err != nil {
		return nil, &app.UsageError{Err: fmt.Errorf("--samples: %w", err), Hint: "name a file with a number of milliseconds on each line"}
	}
	defer func() { _ = file.Close() }() // only read
	measured, err := latency.ReadSamples(file)
	var line *latency.LineError
	if errors.As(err, &line) {
		return nil, &app.UsageError{Err: fmt.Errorf("%s:%d: %q is no latency", path, line.Line, line.Text), Hint: "write milliseconds above 0 and up to a day, one a line"}
	}
	if err != nil {
		return nil, &app.UsageError{Err: fmt.Errorf("--samples: %s: %w", path, err), Hint: "write milliseconds, one a line"}
	}
	if len(measured) == 0 {
		return nil, &app.UsageError{Err: fmt.Errorf("--samples: %s holds no latency", path), Hint: "write milliseconds, one a line"}
	}
	return latency.NewSamples(measured)
}

func milliseconds(d time.Duration) float64 { return float64(d) / 1e6 }

func inMilliseconds(q lab.Quantiles) hedgeQuantiles {
	return hedgeQuantiles{milliseconds(q.P50), milliseconds(q.P95), milliseconds(q.P99), milliseconds(q.P999)}
}

// printHedge prints a result for people.
func (c *cli) printHedge(r hedgeResult) error {
	row := func(name string, get func(hedgeQuantiles) float64) []string {
		base, hedged := get(r.Base), get(r.Hedged)
		return []string{name, fmt.Sprintf("%.4g ms", base), fmt.Sprintf("%.4g ms", hedged), fmt.Sprintf("%.1f %%", 100*(1-hedged/base))}
	}
	if err := c.table("", [][]string{
		{"LATENCY", "BASE", "HEDGED", "CUT"},
		row("P50", func(q hedgeQuantiles) float64 { return q.P50 }),
		row("P95", func(q hedgeQuantiles) float64 { return q.P95 }),
		row("P99", func(q hedgeQuantiles) float64 { return q.P99 }),
		row("P99.9", func(q hedgeQuantiles) float64 { return q.P999 }),
	}); err != nil {
		return err
	}
	delay := "none"
	if r.Delay != nil {
		delay = fmt.Sprintf("%.4g ms", *r.Delay)
	}
	return c.table("", [][]string{
		{"policy", fmt.Sprintf("%s, %d calls, seed %d", r.Strategy, r.Calls, r.Seed)},
		{"extra calls", fmt.Sprintf("%.2f %% of a budget of %.4g %%", 100*r.Extra, 100*r.Budget)},
		{"cut of P99", fmt.Sprintf("%.1f %%; the best for the budget is %.1f %%", 100*r.Cut, 100*r.FrontierCut)},
		{"cost", fmt.Sprintf("%.2f %% pro rata, %.2f %% if losers are billed in full", 100*r.CostProrata, 100*r.CostFull)},
		{"delay at the end", delay},
	})
}
