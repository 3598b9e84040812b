package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
	"github.com/crucible-go/crucible/services/dispatcher"
)

// SpecFile is a spec read from a file, checked.
type SpecFile struct {
	Path string
	Text []byte
	Spec *experiment.Spec

	prices string // the text of a table that goes with it, "" for the dispatcher's own
}

// ReadSpec reads and checks a spec. Variables in it come from lookup, prices that
// it does not name from c.
func (c Config) ReadSpec(path string, lookup func(string) (string, bool)) (*SpecFile, error) {
	b, err := os.ReadFile(path) //nolint:gosec // the user names his own file
	if err != nil {
		return nil, &UsageError{fmt.Errorf("spec: %w", err), "name a readable YAML file; crucible plan SPEC checks one without running it"}
	}
	table, err := c.prices()
	if err != nil {
		return nil, err
	}
	spec, err := experiment.ParsePriced(path, b, lookup, table)
	if err != nil {
		return nil, invalid(err)
	}
	f := &SpecFile{Path: path, Text: b, Spec: spec}
	if c.Prices != "" {
		f.prices = table.Text()
	}
	return f, nil
}

// invalid marks an error as the user's to mend, with its own hint.
func invalid(err error) error {
	var problems experiment.Errors
	if errors.As(err, &problems) {
		return &UsageError{err, problems.Hint()}
	}
	return &UsageError{err, ""}
}

// Open opens a data file that the spec names, relative to the spec's folder.
func (f *SpecFile) Open(_ context.Context, path string) (io.ReadCloser, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(f.Path), path)
	}
	r, err := os.Open(path) //nolint:gosec // the user's own spec names it
	if err != nil {
		return nil, &UsageError{fmt.Errorf("%s: data file: %w", f.Path, err), "paths are relative to the folder of the spec"}
	}
	return r, nil
}

// Plan loads the data and plans the run, asking nobody.
func (f *SpecFile) Plan(ctx context.Context) (*experiment.Plan, error) {
	plan, err := dispatcher.Plan(ctx, f.Spec, f.Open)
	if err != nil {
		var usage *UsageError
		if errors.As(err, &usage) {
			return nil, usage
		}
		return nil, invalid(err)
	}
	return plan, nil
}

// CheckPools opens and closes the pools of a spec that this process is to serve,
// so that a key or a program that is missing is found before anything is asked.
func (c Config) CheckPools(f *SpecFile) error {
	for _, p := range f.Spec.Pools() {
		_, closer, err := provider.Open(provider.PoolOf(p, filepath.Dir(f.Path)), c.Getenv)
		if err != nil {
			return &UsageError{fmt.Errorf("%s: %w", f.Path, err), "docs/providers.md says where keys are looked for; a model that is in no condition needs none"}
		}
		_ = closer.Close() // nothing was asked
	}
	return nil
}

// NewRunID makes a run's id: time-sortable, 26 characters, lower case.
func NewRunID() string { return strings.ToLower(ulid.Make().String()) }

// CheckRunID checks an id that somebody chose.
func CheckRunID(run string) error {
	if err := events.CheckToken(run); err != nil {
		return &UsageError{fmt.Errorf("run id: %w", err), "an id has letters, digits, - and _, such as gsm8k-1"}
	}
	return nil
}

// Submit uploads the spec's data files and publishes the request. From then on
// the log holds all that the run needs. A request with the same id but another
// body is an error: the first one stands.
func Submit(ctx context.Context, log *bus.Bus, f *SpecFile, run string, lookup func(string) (string, bool)) error {
	if err := CheckRunID(run); err != nil {
		return err
	}
	text, err := f.upload(ctx, log, lookup)
	if err != nil {
		return err
	}
	ev := events.About(events.RunSubject(events.KindRunRequested, run), "client/"+instance(), "", time.Now())
	ev.Data = &events.RunRequested{Spec: string(text), Dir: f.programs(), Prices: f.prices}
	stored, err := log.PublishEvents(ctx, &ev)
	if err != nil {
		return fmt.Errorf("submit: %w", err)
	}
	if stored[0].New {
		return nil
	}
	old, err := events.Decode(events.KindRunRequested, stored[0].Payload)
	if err != nil || old.Data.(*events.RunRequested).Spec != string(text) {
		return &UsageError{fmt.Errorf("run %s was requested before with another spec", run), "choose another id, or leave --run away to get a new one"}
	}
	return nil
}

// programs is the folder in which the programs that the spec names are started,
// "" if it names none.
func (f *SpecFile) programs() string {
	for i := range f.Spec.Models {
		if f.Spec.Models[i].Provider == "exec" {
			dir, err := filepath.Abs(filepath.Dir(f.Path))
			if err != nil {
				return "" // no working folder: they are started where this process runs
			}
			return dir
		}
	}
	return ""
}

// submitted is the spec as the log will have it: data files by their hashes.
func (f *SpecFile) submitted(ctx context.Context) (*experiment.Spec, error) {
	objects := map[string]string{}
	for _, path := range f.Spec.Files() {
		r, err := f.Open(ctx, path)
		if err != nil {
			return nil, err
		}
		h := sha256.New()
		_, err = io.Copy(h, r)
		if cerr := r.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		objects[path] = dispatcher.ObjectPath(hex.EncodeToString(h.Sum(nil)), path)
	}
	return f.Spec.WithFiles(objects), nil
}

// upload puts each data file into the object store and names it by its hash.
func (f *SpecFile) upload(ctx context.Context, log *bus.Bus, lookup func(string) (string, bool)) ([]byte, error) {
	objects := map[string]string{}
	for _, path := range f.Spec.Files() {
		if _, done := objects[path]; done {
			continue
		}
		r, err := f.Open(ctx, path)
		if err != nil {
			return nil, err
		}
		hash, _, err := log.PutObject(ctx, r)
		if cerr := r.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return nil, fmt.Errorf("upload %s: %w", path, err)
		}
		objects[path] = dispatcher.ObjectPath(hash, path)
	}
	text, err := experiment.Rewrite(f.Text, lookup, objects)
	if err != nil {
		return nil, fmt.Errorf("rewrite the spec: %w", err)
	}
	return text, nil
}
