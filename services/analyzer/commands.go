package analyzer

import (
	"context"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/results"
	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/pkg/analysis"
)

// Analyze derives the results of a run that has ended from what ClickHouse
// holds, and returns them with their canonical bytes. It refuses with
// results.ErrDiffers when ClickHouse differs from the log, and with
// results.ErrNotEnded.
func Analyze(ctx context.Context, d Deps, run string) (*analysis.Analysis, []byte, error) {
	e, err := results.Find(ctx, d.Log, run)
	if err != nil {
		return nil, nil, err
	}
	return results.FromStore(ctx, d.Log, d.Store, e)
}

// FromLog derives the results of a run that has ended from the log alone. The
// bytes are those of Analyze.
func FromLog(ctx context.Context, log *bus.Bus, run string) (*analysis.Analysis, []byte, error) {
	e, err := results.Find(ctx, log, run)
	if err != nil {
		return nil, nil, err
	}
	return results.FromLog(ctx, log, e)
}

// Rebuild removes what ClickHouse holds of a run and copies it again from the
// log.
func Rebuild(ctx context.Context, log *bus.Bus, st *store.Store, run string) error {
	return results.Rebuild(ctx, log, st, run)
}
