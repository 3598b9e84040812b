package dispatcher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/dataset"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
	"github.com/crucible-go/crucible/pkg/prices"
)

// userError is a fault of what was submitted, not of the machinery: it rejects
// a run instead of being tried again.
type userError struct{ error }

func (e *userError) Unwrap() error { return e.error }

// Opener opens a data file by the path that a spec names.
type Opener func(ctx context.Context, path string) (io.ReadCloser, error)

// objectScheme begins the paths that submitting puts in the place of files:
// object:<sha256>/<file name>.
const objectScheme = "object:"

// ObjectPath is the path by which a spec names an object.
func ObjectPath(sha256, name string) string {
	return objectScheme + sha256 + "/" + filepath.Base(name)
}

// Open opens what a path in a submitted spec names: an object of the log, or a
// file below root; "" is no root, and then files are refused.
func Open(ctx context.Context, log *bus.Bus, root, path string) (io.ReadCloser, error) {
	if rest, ok := strings.CutPrefix(path, objectScheme); ok {
		hash, _, _ := strings.Cut(rest, "/")
		r, err := log.GetObject(ctx, hash)
		if errors.Is(err, bus.ErrNoObject) {
			return nil, &userError{fmt.Errorf("data file %s is not in the object store: submit the experiment with crucible submit", path)}
		}
		return r, err
	}
	if root == "" {
		return nil, &userError{fmt.Errorf("data file %q: this dispatcher reads no files (no --data-root): submit the experiment with crucible submit, which uploads them", path)}
	}
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("data root: %w", err)
	}
	defer func() { _ = dir.Close() }() // the file stays open without it
	f, err := dir.Open(filepath.Clean(path))
	if err != nil {
		return nil, &userError{fmt.Errorf("data file %q below the data root: %w", path, err)}
	}
	return f, nil
}

// Plan loads a spec's data, samples it and plans the run. Errors that are the
// submitter's to mend carry positions where there are any.
func Plan(ctx context.Context, spec *experiment.Spec, open Opener) (*experiment.Plan, error) {
	items, err := loadItems(ctx, spec, open)
	if err != nil {
		return nil, err
	}
	items, err = spec.Dataset.Sample.Choose(items)
	if err != nil {
		return nil, &userError{err}
	}
	var answers []experiment.Answers
	for i := range spec.Models {
		m := &spec.Models[i]
		if m.File == "" {
			continue
		}
		a, err := loadAnswers(ctx, m, open)
		if err != nil {
			return nil, err
		}
		answers = append(answers, a)
	}
	plan, err := experiment.NewPlan(spec, items, experiment.DatasetHash(items), answers...)
	if err != nil {
		return nil, &userError{err}
	}
	if err := plan.CheckBudget(); err != nil {
		return nil, &userError{err}
	}
	return plan, nil
}

func loadItems(ctx context.Context, spec *experiment.Spec, open Opener) ([]experiment.Item, error) {
	r, err := open(ctx, spec.Dataset.Path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // nothing was written
	res, err := dataset.Load(ctx, dataset.Source{Kind: spec.Dataset.Source, Name: displayName(spec.Dataset.Path)}, r, spec.Dataset.Fields)
	if err != nil {
		return nil, &userError{err}
	}
	return res.Items, nil
}

func loadAnswers(ctx context.Context, m *experiment.Model, open Opener) (experiment.Answers, error) {
	r, err := open(ctx, m.File)
	if err != nil {
		return experiment.Answers{}, err
	}
	defer func() { _ = r.Close() }() // nothing was written
	a, err := dataset.LoadAnswers(ctx, displayName(m.File), r, m)
	if err != nil {
		return experiment.Answers{}, &userError{err}
	}
	return a, nil
}

func displayName(path string) string {
	if rest, ok := strings.CutPrefix(path, objectScheme); ok {
		_, name, _ := strings.Cut(rest, "/")
		return name
	}
	return path
}

// requested plans a submitted run, or rejects it. The first request on a subject
// stands; later ones mean nothing.
func (d *dispatcher) requested(ctx context.Context, m *bus.Message) error {
	run := m.Parsed.Run
	if first, err := d.first(ctx, m); err != nil || !first {
		return err
	}
	if m.Maybe {
		known, err := d.Log.Lookup(ctx, events.ControlStream, []string{
			events.RunSubject(events.KindRunPlanned, run).String(),
			events.RunSubject(events.KindRunRejected, run).String(),
		})
		if err != nil {
			return err
		}
		if known[0] != nil || known[1] != nil {
			return nil
		}
	}
	spec, plan, err := d.plan(ctx, m)
	var user *userError
	if errors.As(err, &user) {
		return d.reject(ctx, m, user)
	}
	if err != nil {
		return err
	}
	if err := d.Log.EnsureRun(ctx, run); err != nil {
		return err
	}
	d.mu.Lock()
	d.plans[run] = made{spec.Hash(), plan}
	d.mu.Unlock()
	return d.planned(ctx, m, spec, plan)
}

// first reports whether the message is the first on its subject: clients that do
// not publish by identity may have published more.
func (d *dispatcher) first(ctx context.Context, m *bus.Message) (bool, error) {
	var seq uint64
	err := d.Log.Replay(ctx, bus.ReplayConfig{Stream: events.ControlStream, Filter: m.Subject, Until: m.Seq}, func(m *bus.Message) error {
		seq = m.Seq
		return errFirst
	})
	if err != nil && !errors.Is(err, errFirst) {
		return false, err
	}
	return seq == m.Seq, nil
}

// errFirst ends the reading of a subject.
var errFirst = errors.New("first message")

func (d *dispatcher) plan(ctx context.Context, m *bus.Message) (*experiment.Spec, *experiment.Plan, error) {
	req, err := d.request(ctx, m)
	if err != nil {
		return nil, nil, err
	}
	table := d.Prices
	if req.Prices != "" {
		if table, err = prices.Parse(req.Prices); err != nil {
			return nil, nil, &userError{err}
		}
	}
	// A service's environment holds keys, which must not get into prompts.
	spec, err := experiment.ParsePriced("spec", []byte(req.Spec), func(string) (string, bool) { return "", false }, table)
	if err != nil {
		return nil, nil, &userError{err}
	}
	if err := d.checkPools(spec); err != nil {
		return nil, nil, err
	}
	plan, err := Plan(ctx, spec, d.open)
	if err != nil {
		return nil, nil, err
	}
	return spec, plan, nil
}

// request is what was submitted: the data of the event, or the body itself as the
// YAML text of a spec.
func (d *dispatcher) request(ctx context.Context, m *bus.Message) (*events.RunRequested, error) {
	ev, err := events.DecodeRequest(m.Parsed, m.Payload, m.Time)
	if err == nil && ev.DataRef != "" {
		ev, err = d.Log.Decode(ctx, m)
		if err != nil && !bus.IsMalformed(err) {
			return nil, err
		}
	}
	if err != nil {
		return nil, &userError{fmt.Errorf("the request cannot be read: %w; publish an event with the YAML text of a spec as data.spec, or the text itself", err)}
	}
	return ev.Data.(*events.RunRequested), nil
}

func (d *dispatcher) checkPools(spec *experiment.Spec) error {
	if d.SpecPools {
		return nil
	}
	for _, p := range spec.Pools() {
		if !declared(d.Pools, p.Name) {
			return &userError{fmt.Errorf("no caller serves the pool %s (provider %s): declare it under pools in the configuration of the dispatcher and the callers", p.Name, p.Provider)}
		}
	}
	return nil
}

func declared(pools []experiment.Pool, name string) bool {
	for _, p := range pools {
		if p.Name == name {
			return true
		}
	}
	return false
}

func (d *dispatcher) reject(ctx context.Context, m *bus.Message, cause *userError) error {
	ev := events.About(events.RunSubject(events.KindRunRejected, m.Parsed.Run), d.source(), m.ID(), d.Now())
	data := &events.RunRejected{Reason: cause.Error()}
	var problems experiment.Errors
	if errors.As(cause, &problems) && len(problems) > 0 {
		data.Hint = problems.Hint()
		data.Line, data.Column = problems[0].Line, problems[0].Column
	}
	ev.Data = data
	_, err := d.Log.PublishEvents(ctx, &ev)
	return err
}

// dead rejects a run whose request made planning fail again and again.
func (d *dispatcher) dead(ctx context.Context, m *bus.Message, cause error) {
	if first, err := d.first(ctx, m); err == nil && !first {
		return
	}
	if err := d.reject(ctx, m, &userError{fmt.Errorf("planning failed: %w", cause)}); err != nil {
		d.Logger.Error().Err(err).Str("run", m.Parsed.Run).Msg("a run that cannot be planned could not be rejected")
	}
}

func (d *dispatcher) planned(ctx context.Context, m *bus.Message, spec *experiment.Spec, plan *experiment.Plan) error {
	data := &events.RunPlanned{
		Name:        spec.Name,
		Stream:      events.RunStream(m.Parsed.Run),
		SpecHash:    spec.Hash(),
		DatasetHash: plan.DatasetHash(),
		Config:      spec.Resolved(),
		Seed:        spec.Seed,
		Items:       plan.Items(),
		Queries:     plan.Len(),
		Calls:       plan.Calls(),
		MaxInFlight: spec.MaxInFlight,
		Cost:        plan.Cost(),
		PriceTable:  spec.PriceTable,
		Version:     d.Version,
	}
	for _, c := range spec.Conditions {
		data.Conditions = append(data.Conditions, c.Name)
	}
	for _, p := range spec.Pools() {
		data.Pools = append(data.Pools, p.Name)
	}
	for _, model := range spec.Models {
		if model.Provider == "simulated" || model.Simulated {
			data.Simulated = append(data.Simulated, model.ID)
		}
		if model.Provider == "recorded" {
			data.Recorded = append(data.Recorded, model.ID)
		}
	}
	ev := events.About(events.RunSubject(events.KindRunPlanned, m.Parsed.Run), d.source(), m.ID(), d.Now())
	ev.Data = data
	_, err := d.Log.PublishEvents(ctx, &ev)
	return err
}
