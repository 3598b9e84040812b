// Package reporter writes the results of analysed runs: the folder with the
// resolved spec, the environment, what was asked, what came back, the analysis
// and the report, each file with its hash in the manifest.
//
// It takes the analysis from the object store and the rows from ClickHouse. What
// it writes follows from the log, so it may be done twice: a file that is there
// with the same content is left alone.
package reporter

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/results"
	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/pkg/events"
)

// Config configures a reporter.
type Config struct {
	// Instance names this process in the events that it publishes.
	Instance string
	// Out is the folder below which each run has one of its own.
	Out string
}

// Deps are what a reporter works with.
type Deps struct {
	Log    *bus.Bus
	Store  *store.Store
	Now    func() time.Time
	Logger zerolog.Logger
	// Version is the version of Crucible, for the files and events.
	Version string
}

// Run reports on runs that are analysed until ctx is done.
func Run(ctx context.Context, c Config, d Deps) error {
	s := &service{c, d}
	return d.Log.Consume(ctx, bus.ConsumeConfig{
		Stream: events.ControlStream, Durable: "reporter", Service: "reporter", Reset: true,
		Filter: events.Subject{Kind: events.KindAnalysisCompleted}.Filter(),
	}, s.analysed)
}

type service struct {
	Config
	Deps
}

// analysed writes the report of an analysis and says so. One that was published
// is left as it is.
func (s *service) analysed(ctx context.Context, m *bus.Message) error {
	run := m.Parsed.Run
	subject := events.ReportSubject(run, events.H("report", m.ID()))
	if m.Maybe {
		there, err := s.Log.Lookup(ctx, events.ControlStream, []string{subject.String()})
		if err != nil {
			return err
		}
		if there[0] != nil {
			return nil
		}
	}
	e, err := results.Find(ctx, s.Log, run)
	if err != nil {
		return err
	}
	src, err := s.source(ctx, e, m)
	if err != nil {
		return err
	}
	published, err := write(ctx, s.Deps, src, filepath.Join(s.Out, run), nil)
	if err != nil {
		return err
	}
	ev := events.About(subject, "reporter/"+s.Instance, m.ID(), s.Now())
	ev.Data = &published
	if _, err := s.Log.PublishEvents(ctx, &ev); err != nil {
		return fmt.Errorf("publish the report of run %s: %w", run, err)
	}
	s.Logger.Info().Str("run", run).Str("dir", filepath.Join(s.Out, run)).Msg("report written")
	return nil
}

// Write writes the results of a run into dir, in the given formats (none: those
// of the spec), and returns what a report.published would say of them. A run
// that was not analysed is analysed for it, which ClickHouse must then hold
// completely; a run that has not ended is results.ErrNotEnded.
func Write(ctx context.Context, d Deps, run, dir string, formats []string) (events.ReportPublished, error) {
	e, err := results.Find(ctx, d.Log, run)
	if err != nil {
		return events.ReportPublished{}, err
	}
	s := &service{Deps: d}
	subject := events.AnalysisSubject(run, results.AnalysisID(e.EndID)).String()
	there, err := d.Log.Lookup(ctx, events.ControlStream, []string{subject})
	if err != nil {
		return events.ReportPublished{}, err
	}
	src, err := s.source(ctx, e, there[0])
	if err != nil {
		return events.ReportPublished{}, err
	}
	return write(ctx, d, src, dir, formats)
}
