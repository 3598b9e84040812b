package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/store"
)

// Resources are what opens first and closes last: the log and the store. Either
// is nil where it was not asked for.
type Resources struct {
	Log   *bus.Bus
	Store *store.Store
}

// Need says which resources a command works with.
type Need int

// The resources.
const (
	NeedLog Need = 1 << iota
	NeedStore
)

// Open opens what is needed, the log and the store at the same time.
func Open(ctx context.Context, c Config, need Need, l zerolog.Logger) (_ *Resources, err error) {
	r := new(Resources)
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	var g sync.WaitGroup
	var logErr, storeErr error
	if need&NeedLog != 0 {
		g.Go(func() { logErr = r.openLog(ctx, c, l) })
	}
	if need&NeedStore != 0 {
		g.Go(func() { storeErr = r.openStore(ctx, c, l) })
	}
	g.Wait()
	if logErr != nil {
		return r, logErr // of two faults of one folder the first one is enough
	}
	return r, storeErr
}

func (r *Resources) openLog(ctx context.Context, c Config, l zerolog.Logger) (err error) {
	if r.Log, err = bus.Open(ctx, c.bus(l)); err != nil {
		return err
	}
	return r.Log.EnsureControl(ctx)
}

// patience bounds how long a server may take to say that it is there.
const patience = 15 * time.Second

func (r *Resources) openStore(ctx context.Context, c Config, l zerolog.Logger) (err error) {
	if c.ClickHouse != "" {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, patience, fmt.Errorf("ClickHouse did not answer within %v", patience))
		defer cancel()
	}
	if r.Store, err = store.Open(ctx, store.Config{URL: c.ClickHouse, Dir: filepath.Join(c.Data, "store"), Logger: l}); err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("open the store: %w", cause)
	}
	return err
}

// bus is the log's configuration. What is secret comes from the environment.
func (c Config) bus(l zerolog.Logger) bus.Config {
	f := c.File.Log
	return bus.Config{
		URL:        c.NATS,
		Dir:        filepath.Join(c.Data, "log"),
		Name:       "crucible",
		Durability: f.Durability,
		Replicas:   f.Replicas,
		MaxBytes:   f.MaxBytes,
		CredsFile:  first(c.Getenv("CRUCIBLE_NATS_CREDS"), f.CredsFile),
		User:       c.Getenv("CRUCIBLE_NATS_USER"),
		Password:   bus.Secret(c.Getenv("CRUCIBLE_NATS_PASSWORD")),
		Token:      bus.Secret(c.Getenv("CRUCIBLE_NATS_TOKEN")),
		CAFile:     f.CAFile,
		CertFile:   f.CertFile,
		KeyFile:    f.KeyFile,
		Logger:     l,
	}
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// Close closes the store, then the log.
func (r *Resources) Close() error {
	var errs []error
	if r.Store != nil {
		errs = append(errs, r.Store.Close())
	}
	if r.Log != nil {
		errs = append(errs, r.Log.Close())
	}
	return errors.Join(errs...)
}
