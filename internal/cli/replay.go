package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/crucible-go/crucible/internal/app"
	"github.com/crucible-go/crucible/pkg/ensemble"
)

// ensembleFlags are those that describe an ensemble.
type ensembleFlags struct {
	o          app.ReplayOptions
	weights    string
	accuracies string
	prior      []float64
	delay      time.Duration
	all        bool
}

func (c *cli) replayCommand() *cobra.Command {
	f := &ensembleFlags{}
	cmd := &cobra.Command{
		Use:   "replay RUN",
		Short: "Decide a finished run again by another ensemble, without a call",
		Long: "Takes the answers that a finished run recorded and decides every query again: any\n" +
			"subset of the members, in any order, by any vote, execution and stopping rule. No\n" +
			"model is called. It prints what the ensemble would have done, against the run's\n" +
			"control, how many calls it would have saved, and what it would have needed that\n" +
			"was never recorded; --json prints it in the shape of analysis.json.\n\n" +
			"What a vote must learn (joint, dawid_skene, weighted by log_odds, stop posterior)\n" +
			"is learnt from the other parts of the items: no item is judged by what it taught.\n\n" +
			"--all-subsets tries every subset of the members with several votes, ranks them by\n" +
			"accuracy, cost and latency with intervals that hold for all of them at once, and\n" +
			"says what choosing the best is worth on items that had no part in the choice.",
		Example: examples("crucible replay RUN --members a,b,c --vote joint",
			"crucible replay RUN --execution sequential --stop lossless --json", "crucible replay RUN --all-subsets"),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.finish(cmd.Flags()); err != nil {
				return err
			}
			return c.with(cmd.Context(), app.NeedLog, func(r *app.Resources) error {
				decide := app.Replay
				if f.all {
					decide = app.ReplayAll
				}
				out, err := decide(cmd.Context(), r, args[0], f.o)
				if err != nil {
					return err
				}
				if c.asJSON {
					text, err := out.JSON()
					if err == nil {
						_, err = c.Out.Write(text)
					}
					return err
				}
				c.printReplay(out)
				return nil
			})
		},
	}
	f.register(cmd.Flags())
	cmd.Flags().BoolVar(&f.all, "all-subsets", false, "try every subset of the members, and rank them")
	cmd.Flags().StringSliceVar(&f.o.Votes, "try-votes", nil, "the votes of --all-subsets; default majority, weighted by log_odds, dawid_skene and joint")
	cmd.Flags().IntVar(&f.o.MaxSize, "max-size", 0, "the largest subset of --all-subsets; default all members")
	cmd.Flags().IntVar(&f.o.MinSize, "min-size", 0, "the smallest ensemble of --all-subsets; default 2")
	cmd.Flags().Float64Var(&f.o.Goal, "goal", 0, "an accuracy to hold against the ceiling of the members, 0 to 1")
	return cmd
}

// register adds the flags.
func (f *ensembleFlags) register(fs *pflag.FlagSet) {
	p, o := &f.o.Policy, &f.o.Policy.Options
	list := func(names []string) string { return strings.Join(names, ", ") }
	fs.StringSliceVar(&p.Members, "members", nil, "the members, in their order; default those of the largest condition")
	fs.StringVar(&p.Vote, "vote", ensemble.VoteMajority, "the vote: "+list(ensemble.Votes()))
	fs.StringVar(&p.Execution, "execution", ensemble.ExecutionParallel, "who is asked when: "+list(ensemble.Executions()))
	fs.StringVar(&p.Stop, "stop", ensemble.StopNone, "when no more is waited for: "+list(ensemble.Stops()))
	fs.StringVar(&o.WeightBy, "weight-by", "", "weighted: confidence, fixed or log_odds")
	fs.StringVar(&f.weights, "weights", "", "weighted by fixed: a=2,b=1")
	fs.StringVar(&f.accuracies, "accuracies", "", "accuracies that are known: a=0.9,b=0.8; default learnt from the other items")
	fs.Float64Var(&o.Choices, "choices", 0, "effective number of answers to choose from; default learnt")
	fs.StringVar(&o.Fallback, "fallback", "", "unanimous: the vote where members differ")
	fs.StringSliceVar(&o.Votes, "votes", nil, "meta: the votes that vote")
	fs.StringVar(&o.Equivalence, "equivalence", "", "semantic: normalised or numeric")
	fs.Float64Var(&o.Tolerance, "tolerance", 0, "semantic: largest relative difference of equal numbers")
	fs.StringVar(&o.Ties, "ties", "", "who wins a tie: listed, calibrated or seeded")
	fs.IntVar(&o.MinResponses, "min-responses", 0, "quorum of valid answers")
	fs.Float64Var(&o.MinAgreement, "min-agreement", 0, "share of the votes that an answer needs")
	fs.Float64Var(&o.MinConsensus, "min-consensus", 0, "sequential: agreement that is enough; default 0.7")
	fs.IntVar(&o.MaxModels, "max-models", 0, "sequential, cascade: members that are asked at most")
	fs.IntVar(&o.MinModels, "min-models", 0, "cascade, stop posterior: members that are asked at least")
	fs.StringVar(&o.Gate, "gate", "", "cascade: confidence or agreement")
	fs.Float64Var(&o.ConfidenceThreshold, "confidence-threshold", 0, "cascade gated by confidence: how sure is enough; default 0.9")
	fs.Float64Var(&o.AgreementThreshold, "agreement-threshold", 0, "cascade gated by agreement: how much is enough; default 1")
	fs.DurationVar(&f.delay, "hedge-delay", 0, "hedged: when a backup is asked; default 1s")
	fs.IntVar(&o.MaxHedges, "max-hedges", 0, "hedged: backups at most")
	fs.Float64Var(&o.Level, "level", 0, "stop posterior: how sure is enough; default 0.98")
	fs.Float64SliceVar(&f.prior, "prior", nil, "stop posterior: Beta prior a,b of agreement; default learnt from the other items")
	fs.IntVar(&f.o.Folds, "folds", 0, "parts that are left out in turn to learn; default 10")
}

// finish turns texts into the policy, and checks what can be checked without the
// run.
func (f *ensembleFlags) finish(fs *pflag.FlagSet) error {
	p := &f.o.Policy
	for _, k := range []struct {
		flag, value string
		names       []string
	}{{"--vote", p.Vote, ensemble.Votes()}, {"--execution", p.Execution, ensemble.Executions()}, {"--stop", p.Stop, ensemble.Stops()}} {
		if err := oneOf(k.flag, k.value, k.names...); err != nil {
			return err
		}
	}
	for _, v := range f.o.Votes {
		if err := oneOf("--try-votes", v, ensemble.Votes()...); err != nil {
			return err
		}
	}
	var err error
	if p.Options.Weights, err = pairs("--weights", f.weights); err != nil {
		return err
	}
	if p.Options.Accuracies, err = pairs("--accuracies", f.accuracies); err != nil {
		return err
	}
	switch {
	case len(f.prior) == 2:
		p.Options.Prior = [2]float64{f.prior[0], f.prior[1]}
	case len(f.prior) != 0:
		return &app.UsageError{Err: fmt.Errorf("--prior: %d numbers", len(f.prior)), Hint: "write two: --prior 9.5,0.75"}
	}
	if f.o.Folds < 0 || f.o.Folds == 1 {
		return &app.UsageError{Err: fmt.Errorf("--folds: %d parts", f.o.Folds), Hint: "two or more"}
	}
	if fs.Changed("members") && len(p.Members) == 0 {
		return &app.UsageError{Err: fmt.Errorf("--members names nobody"), Hint: "name them: --members a,b"}
	}
	p.Options.HedgeDelayNS = int64(f.delay)
	return nil
}

// pairs reads "a=1,b=2".
func pairs(flag, text string) (map[string]float64, error) {
	if text == "" {
		return nil, nil
	}
	out := map[string]float64{}
	for _, pair := range strings.Split(text, ",") {
		name, value, ok := strings.Cut(pair, "=")
		v, err := strconv.ParseFloat(value, 64)
		if !ok || err != nil {
			return nil, &app.UsageError{Err: fmt.Errorf("%s: %q is not a name, = and a number", flag, pair), Hint: "write " + flag + " a=2,b=1"}
		}
		out[name] = v
	}
	return out, nil
}

// printReplay prints a replay for people.
func (c *cli) printReplay(r *app.Replayed) {
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(c.Out, format+"\n", args...) }
	switch d := r.Replay.(type) {
	case *app.ReplayDetail:
		line("members    %s", strings.Join(d.Members, ", "))
		line("decides    vote %s, execution %s, stop %s", d.Vote, d.Execution, d.Stop)
		for _, cond := range r.Conditions {
			m := cond.Metrics["accuracy"]
			if m.Estimate != nil && m.Low != nil {
				line("accuracy   %-20s %.4f  [%.4f, %.4f]  %d of %d", cond.Name, *m.Estimate, *m.Low, *m.High, cond.Correct, m.N)
			}
		}
		line("calls      0 made now; %d would have been, %d saved", d.CallsAsked, d.CallsSaved)
		line("cost       $%s", d.CostUSD)
		if g := d.Diagnosis; g != nil {
			line("ceiling    %.4f: on %.4f of the queries no member is right", g.Ceiling.Estimate, g.AllWrong.Estimate)
			if g.EffectiveVoters != nil {
				line("voters     %.2f independent ones' worth, errors correlate by %.3f", g.EffectiveVoters.Estimate, g.Phi.Estimate)
			}
		}
		for _, text := range []string{d.Calibrated, d.OutOfReach} {
			if text != "" {
				line("           %s", text)
			}
		}
	case *app.Ranked:
		line("%4s  %-52s %8s  %-18s %10s %9s %6s", "rank", "ensemble", "accuracy", "interval (all)", "usd/query", "p99 ms", "calls")
		for _, e := range d.Ensembles {
			line("%4d  %-52s %8.4f  [%.4f, %.4f]  %10s %9s %6.2f", e.Rank, e.Name, e.Accuracy.Estimate, e.Accuracy.Low, e.Accuracy.High,
				inUnit(e.CostPerQuery, 1), inUnit(e.LatencyP99NS, 1e6), e.CallsPerQuery)
		}
		line("choosing the best gives %.4f [%.4f, %.4f] on items that had no part in the choice", d.Selected.Accuracy.Estimate, d.Selected.Accuracy.Low, d.Selected.Accuracy.High)
	}
	for _, w := range r.Warnings {
		c.say("note: %s", w)
	}
}

// inUnit prints a number in a unit, or a dash.
func inUnit(x *float64, unit float64) string {
	if x == nil {
		return "-"
	}
	return strconv.FormatFloat(*x/unit, 'g', 5, 64)
}

func (c *cli) tuneCommand() *cobra.Command {
	o := app.TuneOptions{}
	var write string
	cmd := &cobra.Command{
		Use:   "tune RUN",
		Short: "Choose an ensemble from a finished run's answers, and write its spec",
		Long: "Searches members, votes, executions and stopping rules on the recorded answers of\n" +
			"a finished run, without a call. A part of the items is held out: the winner is\n" +
			"judged on it alone. The winner's spec, with what it learnt, is printed, or written\n" +
			"with --write: beside the data set, whose name it takes from the run.",
		Example: examples("crucible tune RUN --target accuracy", "crucible tune RUN --target cost --max-usd 0.002 --write tuned.yaml"),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--target", o.Target, app.TuneTargets()...); err != nil {
				return err
			}
			if !(o.HeldOut > 0 && o.HeldOut < 1) || !(o.Within >= 0 && o.Within < 1) || !(o.MaxUSD >= 0) {
				return &app.UsageError{Err: fmt.Errorf("--held-out %v, --within %v, --max-usd %v", o.HeldOut, o.Within, o.MaxUSD),
					Hint: "shares lie between 0 and 1, a limit is not negative"}
			}
			return c.with(cmd.Context(), app.NeedLog, func(r *app.Resources) error {
				t, err := app.Tune(cmd.Context(), r, args[0], o)
				if err != nil {
					return err
				}
				if write != "" {
					if err := app.WriteNew(write, []byte(t.Spec)); err != nil {
						return err
					}
				}
				if c.asJSON {
					return c.printJSON(t)
				}
				c.printTuned(t, write)
				return nil
			})
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&o.Target, "target", "accuracy", "what to make best: "+strings.Join(app.TuneTargets(), ", "))
	fs.Float64Var(&o.MaxUSD, "max-usd", 0, "the most that a query may cost on average, in US dollars; 0 is no limit")
	fs.Float64Var(&o.Within, "within", 0.005, "cost, latency: how much accuracy below the best is near enough")
	fs.Float64Var(&o.HeldOut, "held-out", 0.3, "the share of the items that only judges the winner")
	fs.StringSliceVar(&o.Members, "members", nil, "the members to choose from; default all")
	fs.IntVar(&o.MaxSize, "max-size", 0, "the largest ensemble; default all members")
	fs.IntVar(&o.Folds, "folds", 0, "parts that are left out in turn to learn; default 10")
	fs.StringVar(&write, "write", "", "the file for the winner's spec; default standard output")
	return cmd
}

// printTuned prints a search for people; the spec is the data.
func (c *cli) printTuned(t *app.Tuned, write string) {
	c.say("tried %d ensembles on %d queries; %d were held out", t.Tried, t.Items, t.HeldOutItems)
	c.say("winner     %s", t.Winner.Name)
	c.say("accuracy   %.4f where it was chosen, %.4f [%.4f, %.4f] held out; best single member there %.4f", t.Winner.Accuracy.Estimate,
		t.HeldOut.Estimate, t.HeldOut.Low, t.HeldOut.High, t.HeldOutSingle.Estimate)
	c.say("a query    %s calls, $%s, p99 %s ms", strconv.FormatFloat(t.Winner.CallsPerQuery, 'f', 2, 64), inUnit(t.Winner.CostPerQuery, 1), inUnit(t.Winner.LatencyP99NS, 1e6))
	for _, w := range t.Warnings {
		c.say("note: %s", w)
	}
	if write == "" {
		_, _ = fmt.Fprint(c.Out, t.Spec)
		return
	}
	_, _ = fmt.Fprintln(c.Out, write)
}
