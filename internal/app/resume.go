package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/runs"
	"github.com/crucible-go/crucible/pkg/budget"
	"github.com/crucible-go/crucible/pkg/events"
)

// Resume lets a suspended run go on, with a larger budget if raise names one; for
// any other run there is nothing to say to the log.
func Resume(ctx context.Context, log *bus.Bus, run string, raise map[string]string) error {
	r, err := find(ctx, log, run)
	if err != nil {
		return err
	}
	suspended, resumed, _ := r.Suspensions()
	switch {
	case suspended > resumed && r.Open():
	case len(raise) > 0 && r.Open():
		return &UsageError{fmt.Errorf("run %s is not suspended: its budget stays as it is", run), "resume it without --budget; when it has reached its budget it can be raised"}
	default:
		return nil
	}
	d := &events.RunResumed{Reason: "crucible resume"}
	if len(raise) > 0 {
		if d.Budget, err = raised(r, raise); err != nil {
			return &UsageError{err, "name what is to be larger: --budget usd=5.00, --budget calls=2000,tokens=1000000; 0 is no limit"}
		}
	}
	ev := events.About(events.ResumedSubject(run, suspended), "client/"+instance(), r.PlannedID, time.Now())
	ev.Data = d
	_, err = log.PublishEvents(ctx, &ev)
	return err
}

// raised is the run's budget with some parts of it larger.
func raised(r *runs.Run, raise map[string]string) (*events.Budget, error) {
	old, err := r.Limit()
	if err != nil {
		return nil, err
	}
	b := &events.Budget{USD: old.USD.String(), Calls: old.Calls, Tokens: old.Tokens}
	for key, text := range raise {
		switch key {
		case "usd":
			b.USD = text
		case "calls":
			b.Calls, err = strconv.ParseInt(text, 10, 64)
		case "tokens":
			b.Tokens, err = strconv.ParseInt(text, 10, 64)
		default:
			err = errors.New("want usd, calls or tokens")
		}
		if err != nil {
			return nil, fmt.Errorf("--budget %s=%s: %w", key, text, err)
		}
	}
	now, err := budget.Parse(b.USD, b.Calls, b.Tokens)
	if err != nil {
		return nil, fmt.Errorf("--%w", err)
	}
	if !now.Allows(budget.Amount(old)) || !unlimited(now, old) {
		return nil, fmt.Errorf("--budget: %s is less than the budget of run %s, which is %s", now, r.ID, old)
	}
	b.USD = now.USD.String()
	return b, nil
}

// unlimited reports whether what had no limit has none still.
func unlimited(now, old budget.Limit) bool {
	return (!old.USD.IsZero() || now.USD.IsZero()) && (old.Calls > 0 || now.Calls == 0) && (old.Tokens > 0 || now.Tokens == 0)
}
