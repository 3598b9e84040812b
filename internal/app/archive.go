package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/crucible-go/crucible/internal/archive"
	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/runs"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// Archive writes a run that has ended to a file, reads the file back and
// compares it with what the run's last word states. With remove it then removes
// the run's stream from the log; what the control stream says of it stays.
func Archive(ctx context.Context, log *bus.Bus, run, file, version string, remove bool) (archive.End, error) {
	r, err := find(ctx, log, run)
	if err != nil {
		return archive.End{}, err
	}
	stated, err := statedOf(r)
	if err != nil {
		return archive.End{}, err
	}
	if remove && r.Unanalysed() {
		return archive.End{}, &UsageError{fmt.Errorf("run %s has not been analysed", run), "crucible resume " + run + " finishes it; --keep archives it as it is and leaves it in the log"}
	}
	t, err := renameio.NewPendingFile(file, renameio.WithPermissions(0o644))
	if err != nil {
		return archive.End{}, &UsageError{fmt.Errorf("archive: %w", err), "choose a file that can be written with --file"}
	}
	defer func() { _ = t.Cleanup() }() // nothing is left after the replacement
	if err := writeArchive(ctx, log, r, t, version); err != nil {
		return archive.End{}, err
	}
	if _, err := t.Seek(0, io.SeekStart); err != nil {
		return archive.End{}, fmt.Errorf("archive: %w", err)
	}
	_, end, err := archive.Read(t, archive.Visitor{})
	if err != nil {
		return archive.End{}, err
	}
	if diff := events.DiffKinds("the archive", end.Kinds, "the end of the run", stated.Kinds); diff != nil && stated.Sequence > 0 {
		return archive.End{}, fmt.Errorf("archive: run %s: %s", run, strings.Join(diff, "; "))
	}
	if err := t.CloseAtomicallyReplace(); err != nil {
		return archive.End{}, fmt.Errorf("archive: %w", err)
	}
	if !remove {
		return end, nil
	}
	return end, log.DeleteRun(ctx, run)
}

// statedOf is the last word on a run, which must have ended.
func statedOf(r *runs.Run) (*events.RunEnd, error) {
	ev := r.End()
	if ev == nil {
		return nil, &UsageError{fmt.Errorf("run %s has not ended", r.ID), "crucible resume " + r.ID + " finishes it"}
	}
	end := EndOf(ev)
	if end == nil {
		return nil, &UsageError{fmt.Errorf("run %s was rejected: there is nothing to keep", r.ID), ""}
	}
	return end, nil
}

func writeArchive(ctx context.Context, log *bus.Bus, r *runs.Run, w io.Writer, version string) error {
	a, err := archive.NewWriter(w, archive.Header{Run: r.ID, Version: version})
	if err != nil {
		return err
	}
	objects := newObjects(r)
	if err := gather(ctx, log, r.ID, objects); err != nil {
		return err
	}
	for _, hash := range objects.list {
		o, err := log.GetObject(ctx, hash)
		if err != nil {
			return fmt.Errorf("archive: object %s: %w", hash, err)
		}
		err = a.Object(hash, o)
		if cerr := o.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return err
		}
	}
	// The run's stream comes first: a service that hears of the run while it is
	// restored then finds it finished.
	for _, stream := range []string{events.RunStream(r.ID), events.ControlStream} {
		err := log.Replay(ctx, bus.ReplayConfig{Stream: stream}, func(m *bus.Message) error {
			if events.RunOf(m.Subject) != r.ID {
				return nil
			}
			return a.Event(archive.Event{Stream: stream, Seq: m.Seq, Subject: m.Subject, Payload: m.Payload})
		})
		if errors.Is(err, bus.ErrNoStream) {
			return &UsageError{fmt.Errorf("run %s is archived already: its stream is not in the log", r.ID), ""}
		}
		if err != nil {
			return err
		}
	}
	_, err = a.Close()
	return err
}

// objects are the hashes of the objects that a run refers to, in the order in
// which they were found.
type objects struct {
	list []string
	seen map[string]bool
}

func newObjects(r *runs.Run) *objects {
	o := &objects{seen: map[string]bool{}}
	spec, err := experiment.ParseResolved(r.Planned.Config)
	if err != nil {
		return o // the analysis says what is wrong; the archive keeps what there is
	}
	for _, path := range spec.Files() {
		if rest, ok := strings.CutPrefix(path, "object:"); ok {
			hash, _, _ := strings.Cut(rest, "/")
			o.add(hash)
		}
	}
	return o
}

func (o *objects) add(hash string) {
	if hash != "" && !o.seen[hash] {
		o.seen[hash] = true
		o.list = append(o.list, hash)
	}
}

// gather finds the objects that events refer to: bodies that were too large,
// and the results of analyses.
func gather(ctx context.Context, log *bus.Bus, run string, o *objects) error {
	for _, stream := range []string{events.ControlStream, events.RunStream(run)} {
		err := log.Replay(ctx, bus.ReplayConfig{Stream: stream}, func(m *bus.Message) error {
			if events.RunOf(m.Subject) != run {
				return nil
			}
			ev, err := events.Decode(m.Parsed.Kind, m.Payload)
			if err != nil {
				return nil //nolint:nilerr // what cannot be read refers to nothing
			}
			o.add(ev.DataRef)
			if a, ok := ev.Data.(*events.AnalysisCompleted); ok {
				o.add(a.Object)
			}
			return nil
		})
		if err != nil && !errors.Is(err, bus.ErrNoStream) {
			return err
		}
	}
	return nil
}

// Restore reads an archive back into the log: first the whole file is checked,
// then objects and events are published in their order, so that the run's
// stream has its old sequences. What the log has already stays as it is.
func Restore(ctx context.Context, log *bus.Bus, file string) (run string, err error) {
	f, err := os.Open(file) //nolint:gosec // the user names his own file
	if err != nil {
		return "", &UsageError{fmt.Errorf("restore: %w", err), ""}
	}
	defer func() { _ = f.Close() }() // nothing was written
	var words []archive.Event        // what the control stream says of the run
	h, _, err := archive.Read(f, archive.Visitor{Event: func(e archive.Event) error {
		if e.Stream == events.ControlStream {
			words = append(words, e)
		}
		return nil
	}})
	if err != nil {
		return "", &UsageError{fmt.Errorf("restore %s: %w", file, err), "nothing was restored"}
	}
	if err := events.CheckToken(h.Run); err != nil {
		return "", &UsageError{fmt.Errorf("restore: run id: %w", err), "nothing was restored"}
	}
	if err := sameRun(ctx, log, h.Run, words); err != nil {
		return "", err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("restore: %w", err)
	}
	if err := log.EnsureRun(ctx, h.Run); err != nil {
		return "", err
	}
	p := &restorer{ctx: ctx, log: log, run: h.Run}
	if _, _, err := archive.Read(f, archive.Visitor{Piece: p.piece, Event: p.event}); err != nil {
		return "", errors.Join(err, p.closeObject())
	}
	if err := p.closeObject(); err != nil {
		return "", err
	}
	return h.Run, p.flush()
}

// sameRun refuses an archive that says of a run something else than the log
// does, before anything of it is stored.
func sameRun(ctx context.Context, log *bus.Bus, run string, words []archive.Event) error {
	subjects := make([]string, len(words))
	for i, e := range words {
		subjects[i] = e.Subject
	}
	stored, err := log.Lookup(ctx, events.ControlStream, subjects)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	for i, m := range stored {
		if m != nil && !bytes.Equal(m.Payload, words[i].Payload) {
			return otherRun(run, words[i].Subject)
		}
	}
	return nil
}

func otherRun(run, subject string) error {
	return &UsageError{
		fmt.Errorf("restore: the log has another run %s: its %s differs", run, subject),
		"restore it into another data folder with --data",
	}
}

// restorer publishes what an archive holds.
type restorer struct {
	ctx  context.Context //nolint:containedctx // lives for one call of Restore
	log  *bus.Bus
	run  string
	hash string
	pipe *io.PipeWriter
	put  chan error
	// events of one stream that wait to be published together
	stream string
	facts  []bus.Fact
}

// piece passes a part of an object on to the object store.
func (p *restorer) piece(hash string, b []byte) error {
	if hash != p.hash {
		if err := p.closeObject(); err != nil {
			return err
		}
		r, w := io.Pipe()
		p.hash, p.pipe, p.put = hash, w, make(chan error, 1)
		go func() {
			got, _, err := p.log.PutObject(p.ctx, r)
			if err == nil && got != hash {
				err = fmt.Errorf("restore: object %s has the content of %s", hash, got)
			}
			r.CloseWithError(err)
			p.put <- err
		}()
	}
	_, err := p.pipe.Write(b)
	return err
}

func (p *restorer) closeObject() error {
	if p.pipe == nil {
		return nil
	}
	_ = p.pipe.Close() // never fails
	p.pipe, p.hash = nil, ""
	return <-p.put
}

func (p *restorer) event(e archive.Event) error {
	if err := p.closeObject(); err != nil {
		return err
	}
	if events.RunOf(e.Subject) != p.run {
		return fmt.Errorf("restore: subject %q does not belong to run %s", e.Subject, p.run)
	}
	if e.Stream != p.stream || len(p.facts) == 1000 {
		if err := p.flush(); err != nil {
			return err
		}
		p.stream = e.Stream
	}
	p.facts = append(p.facts, bus.Fact{Subject: e.Subject, Payload: e.Payload})
	return nil
}

// flush publishes what waits. Another event on the same subject with another
// content is another run by the same name.
func (p *restorer) flush() error {
	if len(p.facts) == 0 {
		return nil
	}
	stored, err := p.log.Publish(p.ctx, p.facts...)
	if err != nil {
		return err
	}
	for i, s := range stored {
		if !s.New && !bytes.Equal(s.Payload, p.facts[i].Payload) {
			return otherRun(p.run, p.facts[i].Subject)
		}
	}
	p.facts = p.facts[:0]
	return nil
}
