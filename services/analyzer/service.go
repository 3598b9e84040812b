package analyzer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/results"
	"github.com/crucible-go/crucible/pkg/analysis"
	"github.com/crucible-go/crucible/pkg/events"
)

// refused is how long a refused analysis waits before it is tried again.
const refused = 30 * time.Second

// analyse answers the ends of runs of one kind until ctx is done.
func (s *service) analyse(ctx context.Context, k events.Kind, durable string) error {
	c := bus.ConsumeConfig{
		Stream: events.ControlStream, Durable: durable,
		Filter: events.Subject{Kind: k}.Filter(), Service: "analyzer", Workers: 2, Reset: true,
	}
	return s.Log.Consume(ctx, c, s.ended)
}

// ended derives the results of a run, stores them and says where they lie. An
// analysis that is there already is left as it is.
func (s *service) ended(ctx context.Context, m *bus.Message) error {
	run := m.Parsed.Run
	subject := events.AnalysisSubject(run, results.AnalysisID(m.ID()))
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
	if err := s.caughtUp(ctx, events.RunStream(run)); err != nil && !errors.Is(err, bus.ErrNoStream) {
		return err
	}
	a, body, err := results.FromStore(ctx, s.Log, s.Store, e)
	if errors.Is(err, results.ErrDiffers) {
		s.Logger.Error().Err(err).Str("run", run).Msg("analysis refused")
		return bus.RetryAfter(refused, err)
	}
	if err != nil {
		return err
	}
	return s.publish(ctx, e, subject, a, body)
}

func (s *service) publish(ctx context.Context, e *results.Ended, subject events.Subject, a *analysis.Analysis, body []byte) error {
	sum, _, err := s.Log.PutObject(ctx, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("store the analysis of run %s: %w", e.ID, err)
	}
	inputs, err := s.Store.Kinds(ctx, e.ID, e.End.Sequence)
	if err != nil {
		return err
	}
	ev := events.About(subject, "analyzer/"+s.Instance, e.EndID, s.Now())
	ev.Data = &events.AnalysisCompleted{
		State: e.End.State, Object: sum, SHA256: sum, RunEnd: e.EndID,
		SpecHash: a.SpecHash, DatasetHash: a.DatasetHash, Sequence: e.End.Sequence, Inputs: inputs, Version: s.Version,
	}
	if _, err := s.Log.PublishEvents(ctx, &ev); err != nil {
		return fmt.Errorf("publish the analysis of run %s: %w", e.ID, err)
	}
	s.Logger.Info().Str("run", e.ID).Str("sha256", sum).Msg("analysed")
	return nil
}
