package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/services/analyzer"
)

// Check is one thing that a verification looked at.
type Check struct {
	Name        string   `json:"name"`
	OK          bool     `json:"ok"`
	Detail      string   `json:"detail,omitempty"`
	Differences []string `json:"differences,omitempty"`
}

// Verification is the result of verifying a run.
type Verification struct {
	Run    string  `json:"run"`
	OK     bool    `json:"ok"`
	Checks []Check `json:"checks"`
}

func (v *Verification) add(name, detail string, differences []string) {
	v.Checks = append(v.Checks, Check{Name: name, OK: len(differences) == 0, Detail: detail, Differences: differences})
	v.OK = v.OK && len(differences) == 0
}

// Verify checks a run that has ended: that the log holds what its last word
// states, that ClickHouse holds the same, that the analysis follows from the log
// bit for bit (to nine digits where another build computed it), and that the files of the report, if its folder is there, are the
// ones that were written.
func Verify(ctx context.Context, c Config, r *Resources, run string) (Verification, error) {
	v := Verification{Run: run, OK: true}
	target, err := find(ctx, r.Log, run)
	if err != nil {
		return v, err
	}
	stated, err := statedOf(target)
	if err != nil {
		return v, err
	}
	held, err := recount(ctx, r.Log, run, stated.Sequence)
	if errors.Is(err, bus.ErrNoStream) {
		return v, &UsageError{fmt.Errorf("run %s is archived: its stream is not in the log", run), "crucible restore FILE brings it back"}
	}
	if err != nil {
		return v, err
	}
	v.add("log", fmt.Sprintf("%d events", count(held)), events.DiffKinds("the log", held, "the end of the run", stated.Kinds))
	differences, err := r.Store.Differences(ctx, run, stated.Sequence, stated.Kinds)
	if err != nil {
		return v, err
	}
	v.add("store", fmt.Sprintf("%d events", count(stated.Kinds)), differences)
	_, derived, err := analyzer.FromLog(ctx, r.Log, run)
	if err != nil {
		return v, err
	}
	published := target.Analysis()
	if published == nil {
		v.add("analysis", "none was published", nil)
		return v, v.folder(filepath.Join(c.Out, run), derived, false)
	}
	other := fromOtherCode(published.Version, c.Version)
	if err := v.analysis(ctx, r.Log, published, derived, other); err != nil {
		return v, err
	}
	return v, v.folder(filepath.Join(c.Out, run), derived, other)
}

// recount takes the digests of the run's stream up to a sequence.
func recount(ctx context.Context, log *bus.Bus, run string, until uint64) ([]events.KindDigest, error) {
	var d events.Digests
	if until == 0 {
		return nil, nil
	}
	err := log.Replay(ctx, bus.ReplayConfig{Stream: events.RunStream(run), Until: until}, func(m *bus.Message) error {
		d.Add(events.KindOf(m.Subject), m.ID(), m.Payload)
		return nil
	})
	return d.Kinds(), err
}

func count(kinds []events.KindDigest) (n uint64) {
	for _, k := range kinds {
		n += k.Count
	}
	return n
}

// analysis compares what follows from the log with what was published, perhaps by
// other code.
func (v *Verification) analysis(ctx context.Context, log *bus.Bus, published *events.AnalysisCompleted, derived []byte, other bool) error {
	o, err := log.GetObject(ctx, published.Object)
	if err != nil {
		v.add("analysis", "", []string{fmt.Sprintf("the published result cannot be read: %v", err)})
		return nil //nolint:nilerr // a finding, not a fault of the verification
	}
	defer func() { _ = o.Close() }() // nothing was written
	stored, err := io.ReadAll(o)
	if err != nil {
		v.add("analysis", "", []string{fmt.Sprintf("the published result cannot be read: %v", err)})
		return nil //nolint:nilerr // likewise
	}
	differences, note := compare("the published result", stored, derived, other)
	v.add("analysis", fmt.Sprintf("%d bytes derived from the log again%s", len(derived), note), differences)
	return nil
}

// compare says how a stored result differs from what follows from the log. What
// other code computed may differ in the last digits, which is noted.
func compare(what string, stored, derived []byte, other bool) (differences []string, note string) {
	if bytes.Equal(stored, derived) {
		return nil, ""
	}
	if worst, ok := agreement(stored, derived); ok && other {
		return nil, fmt.Sprintf("; %s is of another build: its numbers agree to %.1g of their size", what, worst)
	}
	return []string{what + " is not what follows from the log" + firstDifference(stored, derived)}, ""
}

// folder checks the files of the results folder against its manifest, and its
// analysis against the log.
func (v *Verification) folder(dir string, derived []byte, other bool) error {
	b, err := os.ReadFile(filepath.Join(dir, "manifest.json")) //nolint:gosec // the user's own results
	if errors.Is(err, os.ErrNotExist) {
		v.add("files", "no results folder "+dir, nil)
		return nil
	}
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	var manifest struct {
		Files []events.File `json:"files"`
	}
	if err := json.Unmarshal(b, &manifest); err != nil {
		v.add("files", "", []string{fmt.Sprintf("%s: %v", filepath.Join(dir, "manifest.json"), err)})
		return nil //nolint:nilerr // a finding, not a fault of the verification
	}
	var differences []string
	for _, f := range manifest.Files {
		if d := checkFile(dir, f); d != "" {
			differences = append(differences, d)
		}
	}
	note := ""
	if got, err := os.ReadFile(filepath.Join(dir, "analysis.json")); err == nil { //nolint:gosec // likewise
		var more []string
		more, note = compare("analysis.json", got, derived, other)
		differences = append(differences, more...)
	}
	v.add("files", fmt.Sprintf("%d files in %s%s", len(manifest.Files), dir, note), differences)
	return nil
}

func checkFile(dir string, f events.File) string {
	if !filepath.IsLocal(f.Name) {
		return fmt.Sprintf("%s: the manifest names a file outside of the folder", f.Name)
	}
	b, err := os.ReadFile(filepath.Join(dir, f.Name)) //nolint:gosec // below the user's own results
	if err != nil {
		return fmt.Sprintf("%s: %v", f.Name, err)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != f.SHA256 {
		return f.Name + ": has been changed since it was written"
	}
	return ""
}

// firstDifference says where two texts part.
func firstDifference(a, b []byte) string {
	n := min(len(a), len(b))
	i := 0
	for i < n && a[i] == b[i] {
		i++
	}
	around := func(t []byte) string {
		return strings.ToValidUTF8(string(t[max(0, i-30):min(len(t), i+30)]), "\uFFFD")
	}
	return fmt.Sprintf(": they part at byte %d, %q and %q", i, around(a), around(b))
}

// Rebuild copies a run from the log into the store again, and checks the copy.
func Rebuild(ctx context.Context, r *Resources, run string) error {
	target, err := find(ctx, r.Log, run)
	if err != nil {
		return err
	}
	if err := analyzer.Rebuild(ctx, r.Log, r.Store, run); err != nil {
		return err
	}
	end := target.End()
	if end == nil {
		return nil
	}
	stated := EndOf(end)
	if stated == nil {
		return nil
	}
	differences, err := r.Store.Differences(ctx, run, stated.Sequence, stated.Kinds)
	if err != nil {
		return err
	}
	if len(differences) > 0 {
		return fmt.Errorf("rebuild: the log itself is not what the end of the run states: %s", strings.Join(differences, "; "))
	}
	return nil
}
