package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/crucible-go/crucible/internal/app"
	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/internal/provider/simulate"
)

// simulateFlags are those of crucible simulate.
type simulateFlags struct {
	addr                                   string
	answers, input, expected, difficulty   string
	keyEnv                                 string
	models, phases, failures, byDifficulty []string
	seed                                   uint64
	keys                                   map[string]*string // of the models that do not say, by their key
}

func (c *cli) simulateCommand() *cobra.Command {
	f := simulateFlags{keys: map[string]*string{}}
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Run a server that speaks the providers' protocols with chosen latencies, accuracies and errors",
		Long: "Serves the protocols of OpenAI (chat completions), Anthropic (messages) and Gemini\n" +
			"(generateContent), streaming too, under http://ADDRESS, and counts under /stats.\n" +
			"Every answer is labelled as simulated. What a request gets is a function of the seed,\n" +
			"the model and the prompt, and of how many times the prompt was sent, or of the\n" +
			"headers " + simulate.HeaderCall + " and " + simulate.HeaderCopy + ".\n\n" +
			"Flags describe every model; a --model those that differ, with the same keys, for\n" +
			"example\n" +
			"  --model id=sim_a,accuracy=0.92,p50=800ms,p95=2s,p99=5s,overloaded=0.01\n" +
			"Without a --model every name is served. --failure takes\n" +
			"  " + strings.Join(provider.Modes()[:6], ", ") + ",\n" +
			"  " + strings.Join(provider.Modes()[6:], ", ") + "\n\n" +
			"A --phase makes models slower or fail more often for a time since the first request,\n" +
			"or for a number of requests: at=30s,for=10s,factor=6 or at=1000,for=500,error_rate=0.5;\n" +
			"with ramp=true the factor grows from 1, with model=ID it is one model's.",
		Example: examples("crucible simulate --model id=sim_a,accuracy=0.92,p50=800ms,p95=2s,p99=5s",
			"crucible simulate --shape bimodal --p50 800ms --p95 2s --p99 5s --correlation 0.4 --phase at=30s,for=10s,factor=6",
			"crucible simulate --p50 50ms --rpm 3600 --failure overloaded=0.01 --failure hang=0.001 --answers data.jsonl"),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.simulate(cmd, f)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.addr, "listen", "127.0.0.1:8089", "address; port 0 is a free one")
	fs.StringArrayVar(&f.models, "model", nil, "a `model` that differs or, without other flags, the only one; may be repeated")
	fs.Uint64Var(&f.seed, "seed", 0, "seed of everything that is random")
	fs.StringVar(&f.answers, "answers", "", "JSON lines with questions and right answers")
	fs.StringVar(&f.input, "input", "input", "field of the question in --answers")
	fs.StringVar(&f.expected, "expected", "expected", "field of the right answer in --answers")
	fs.StringVar(&f.difficulty, "difficulty", "", "field of the difficulty in --answers")
	fs.StringArrayVar(&f.byDifficulty, "accuracy-at", nil, "accuracy at a difficulty, `LEVEL=share`; may be repeated")
	fs.StringArrayVar(&f.failures, "failure", nil, "a way to go wrong, `mode=share`; may be repeated")
	fs.StringArrayVar(&f.phases, "phase", nil, "a `time` of drift or outage; may be repeated")
	fs.StringVar(&f.keyEnv, "api-key-env", "", "environment variable with the key that clients must send; default any")
	keyFlags(fs, f.keys)
	return cmd
}

// keyFlags makes a flag of every key of a model.
func keyFlags(fs *pflag.FlagSet, keys map[string]*string) {
	for _, k := range simulate.Keys() {
		v := &keyValue{kind: k.Kind}
		keys[k.Name] = &v.text
		fs.Var(v, strings.ReplaceAll(k.Name, "_", "-"), k.Doc)
	}
}

// keyValue is the value of a key, read where it is used.
type keyValue struct{ text, kind string }

// String implements pflag.Value.
func (v *keyValue) String() string { return v.text }

// Set implements pflag.Value.
func (v *keyValue) Set(text string) error { v.text = text; return nil }

// Type implements pflag.Value.
func (v *keyValue) Type() string { return v.kind }

// simulate runs the server.
func (c *cli) simulate(cmd *cobra.Command, f simulateFlags) error {
	conf, err := f.config(cmd.Flags())
	if err != nil {
		return err
	}
	s, err := simulate.New(conf)
	if errors.Is(err, syscall.EADDRINUSE) {
		return taken("--listen", err)
	}
	if err != nil {
		return &app.UsageError{Err: err, Hint: "see crucible simulate --help"}
	}
	if c.asJSON {
		if err := c.printJSON(map[string]string{"url": s.URL()}); err != nil {
			return err
		}
	} else {
		c.say("simulate: %s", s.URL())
	}
	return s.Run(cmd.Context())
}

// config is what the flags say.
func (f simulateFlags) config(fs *pflag.FlagSet) (simulate.Config, error) {
	conf := simulate.Config{Addr: f.addr, Seed: f.seed}
	every, described, err := f.everyModel(fs)
	if err != nil {
		return conf, &app.UsageError{Err: err, Hint: "see crucible simulate --help"}
	}
	for _, text := range f.models {
		m, err := simulate.ParseModelOver(every, text)
		if err != nil {
			return conf, &app.UsageError{Err: fmt.Errorf("--model: %w", err), Hint: "such as --model id=sim_a,accuracy=0.92,p50=800ms"}
		}
		conf.Models = append(conf.Models, m)
	}
	if len(f.models) == 0 && described {
		every.ID = simulate.AnyModel
		conf.Models = append(conf.Models, every)
	}
	for _, text := range f.phases {
		p, err := simulate.ParsePhase(text)
		if err != nil {
			return conf, &app.UsageError{Err: fmt.Errorf("--phase: %w", err), Hint: "such as --phase at=30s,for=10s,factor=6"}
		}
		conf.Phases = append(conf.Phases, p)
	}
	if f.answers != "" {
		if conf.Answers, err = f.loadAnswers(); err != nil {
			return conf, err
		}
	}
	if f.keyEnv != "" {
		if conf.Key = provider.NewSecret(os.Getenv(f.keyEnv)); conf.Key.Empty() {
			return conf, &app.UsageError{Err: fmt.Errorf("--api-key-env: the environment variable %s is not set", f.keyEnv), Hint: "set it to any word: this server is no real provider"}
		}
	}
	return conf, nil
}

// everyModel is what the flags say of every model, and whether they say anything.
func (f simulateFlags) everyModel(fs *pflag.FlagSet) (m simulate.Model, described bool, err error) {
	var pairs [][2]string
	for _, k := range simulate.Keys() {
		if fs.Changed(strings.ReplaceAll(k.Name, "_", "-")) {
			pairs = append(pairs, [2]string{k.Name, *f.keys[k.Name]})
		}
	}
	for _, list := range []struct {
		flag, prefix string
		texts        []string
	}{{"--failure", "", f.failures}, {"--accuracy-at", "accuracy.", f.byDifficulty}} {
		for _, text := range list.texts {
			name, value, found := strings.Cut(text, "=")
			if !found {
				return m, false, fmt.Errorf("%s: %q is not name=share", list.flag, text)
			}
			pairs = append(pairs, [2]string{list.prefix + name, value})
		}
	}
	m = simulate.NewModel()
	err = m.SetAll(pairs)
	return m, len(pairs) > 0, err
}

func (f simulateFlags) loadAnswers() (*simulate.Answers, error) {
	file, err := os.Open(f.answers)
	if err != nil {
		return nil, &app.UsageError{Err: fmt.Errorf("--answers: %w", err)}
	}
	defer func() { _ = file.Close() }() // nothing was written
	a, err := simulate.LoadRated(file, f.input, f.expected, f.difficulty)
	if err != nil {
		return nil, &app.UsageError{Err: fmt.Errorf("--answers: %s: %w", f.answers, err)}
	}
	return a, nil
}
