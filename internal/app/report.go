package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/results"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
	"github.com/crucible-go/crucible/services/analyzer"
	"github.com/crucible-go/crucible/services/reporter"
)

// Analyze derives the results of a run that has ended from the store, as the
// bytes of analysis.json.
func Analyze(ctx context.Context, r *Resources, run string, l zerolog.Logger) ([]byte, error) {
	if err := ended(ctx, r, run); err != nil {
		return nil, err
	}
	d := analyzer.Deps{Log: r.Log, Store: r.Store, Now: time.Now, Logger: l}
	_, body, err := analyzer.Analyze(ctx, d, run)
	if errors.Is(err, results.ErrDiffers) {
		return nil, &differs{err, run}
	}
	return body, err
}

// Report writes the results folder of a run that has ended into dir.
func Report(ctx context.Context, c Config, r *Resources, run, dir string, formats []string, l zerolog.Logger) ([]events.File, error) {
	if err := ended(ctx, r, run); err != nil {
		return nil, err
	}
	d := reporter.Deps{Log: r.Log, Store: r.Store, Now: time.Now, Logger: l, Version: c.Version}
	published, err := reporter.Write(ctx, d, run, dir, formats)
	if errors.Is(err, results.ErrDiffers) {
		return nil, &differs{err, run}
	}
	return published.Files, err
}

// ReportFormats are the formats that this version writes.
func ReportFormats() []string { return experiment.Supported("report.formats").Works }

// ended refuses a run that is not known, has not ended or was rejected.
func ended(ctx context.Context, r *Resources, run string) error {
	target, err := find(ctx, r.Log, run)
	if err != nil {
		return err
	}
	_, err = statedOf(target)
	return err
}

// differs is a store that is not what the log says.
type differs struct {
	err error
	run string
}

func (e *differs) Error() string { return e.err.Error() }
func (e *differs) Unwrap() error { return e.err }

// Hint says what mends it.
func (e *differs) Hint() string {
	return fmt.Sprintf("crucible rebuild %s copies the run from the log again", e.run)
}
