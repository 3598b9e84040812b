package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/crucible-go/crucible/internal/app"
	"github.com/crucible-go/crucible/internal/limiter"
	"github.com/crucible-go/crucible/internal/telemetry"
)

func (c *cli) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run services until told to stop",
		Long: "Runs services against the log and the store, all of them or the ones that are\n" +
			"named. SIGTERM lets them finish what is under way: exit code 0. A log that is\n" +
			"away is waited for; one that is gone for good ends the process with exit code 1.",
		Example: examples("crucible serve --nats nats://127.0.0.1:4222 --clickhouse clickhouse://127.0.0.1:9000/crucible",
			"crucible serve --services caller,voter --http 127.0.0.1:8080 --config pools.yaml"),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.serve(cmd.Context())
		},
	}
	c.serveFlags(cmd)
	return cmd
}

// serveFlags are what serve and the check of its configuration share.
func (c *cli) serveFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&c.conf.Services, "services", nil, "which services: dispatcher, caller, voter, analyzer, reporter; default all")
	f.StringVar(&c.conf.HTTP, "http", "", "address of the probes /healthz and /readyz and of /metrics, for example 127.0.0.1:8080; default none")
	f.StringVar(&c.conf.DataRoot, "data-root", "", "folder below which a published spec may name data files; default none")
	c.cacheFlag(cmd)
}

// cacheFlag is the flag of commands that make calls.
func (c *cli) cacheFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.conf.Cache, "cache", "", "folder in which answers are kept, and used again for the same calls; default none")
}

func (c *cli) serve(ctx context.Context) error {
	if err := app.CheckServices(c.conf.Services); err != nil {
		return err
	}
	log := c.logger(true)
	health := telemetry.New()
	c.conf.Metrics = new(limiter.Metrics)
	if err := health.Registry().Register(c.conf.Metrics); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	// The probes live until the services have drained: readiness ends first.
	probes, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, gctx := errgroup.WithContext(ctx)
	if c.conf.HTTP != "" {
		l, err := listen(ctx, c.conf.HTTP, "--http")
		if err != nil {
			return err
		}
		log.Info().Str("addr", l.Addr().String()).Msg("probes and metrics")
		g.Go(func() error { return serveHTTP(probes, l, health.Handler()) })
	}
	g.Go(func() error {
		defer stop()
		return c.runServices(gctx, health, log)
	})
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	log.Info().Msg("stopped")
	return nil
}

// runServices opens what the services need and runs them until ctx is done.
func (c *cli) runServices(ctx context.Context, health *telemetry.Health, log zerolog.Logger) (err error) {
	r, err := app.Open(ctx, c.conf, app.NeedOf(c.conf.Services), log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	health.Ready(true)
	defer context.AfterFunc(ctx, func() { health.Ready(false) })()
	log.Info().Strs("services", c.conf.Services).Msg("serving")
	trust := app.Trust{Sole: c.conf.NATS == "" && len(c.conf.Services) == 0}
	if err := app.Serve(ctx, c.conf, trust, r, log); err != nil {
		return err
	}
	if ctx.Err() == nil {
		return errors.New("the services ended by themselves")
	}
	return nil
}

// listen takes an address; one that is taken is a clear error.
func listen(ctx context.Context, addr, flag string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, taken(flag, err)
	}
	return l, nil
}

// taken explains why an address cannot be had.
func taken(flag string, err error) error {
	hint := "want HOST:PORT, such as 127.0.0.1:8080; port 0 is a free one"
	if errors.Is(err, syscall.EADDRINUSE) {
		hint = "choose another port, or stop the process that has this one"
	}
	return &app.UsageError{Err: fmt.Errorf("%s: %w", flag, err), Hint: hint}
}

// onLoopback refuses addresses that others can reach: what listens there asks
// nobody who he is.
func onLoopback(addr, flag string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return taken(flag, err)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return &app.UsageError{Err: fmt.Errorf("%s: %s is not a loopback address", flag, addr), Hint: "use 127.0.0.1:PORT: whoever reaches this port can do everything"}
}

// serveHTTP serves until ctx is done, then lets requests under way finish.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		stopped <- s.Shutdown(grace)
	}()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

func (c *cli) storeCommand() *cobra.Command {
	var addr string
	var readonly bool
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Run the embedded ClickHouse engine behind loopback HTTP",
		Long: "Runs the engine of the data folder as a process of its own. Services reach it\n" +
			"with --clickhouse http://ADDRESS/crucible, and so does any ClickHouse client.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := onLoopback(addr, "--listen"); err != nil {
				return err
			}
			l, err := listen(cmd.Context(), addr, "--listen")
			if err != nil {
				return err
			}
			defer func() { _ = l.Close() }() // the server closes it first, unless there is none
			return c.with(cmd.Context(), app.NeedStore, func(r *app.Resources) error {
				c.say("store: http://%s", l.Addr())
				if c.asJSON {
					if err := c.printJSON(map[string]string{"url": "http://" + l.Addr().String()}); err != nil {
						return err
					}
				}
				return serveHTTP(cmd.Context(), l, r.Store.Handler(readonly))
			})
		},
	}
	cmd.Flags().StringVar(&addr, "listen", "127.0.0.1:8123", "loopback address")
	cmd.Flags().BoolVar(&readonly, "readonly", false, "refuse everything but reading")
	return cmd
}
