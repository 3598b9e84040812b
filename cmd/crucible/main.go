// Command crucible runs reproducible, statistically rigorous experiments on the
// reliability, latency and cost of large language models.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/crucible-go/crucible/internal/cli"
	"github.com/crucible-go/crucible/internal/store"
)

// gcPercent keeps a run of 45,000 events, the engine's 0.4 GB included, at 0.8 GB
// instead of 0.95, for no CPU that could be measured. GOGC overrides it.
const gcPercent = 50

func main() { os.Exit(run()) }

// run is main without its exit, and returns the exit code. A second signal ends
// the process at once.
func run() int {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	code := cli.Main(ctx, os.Args[1:], cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, LookupEnv: os.LookupEnv})
	if err := store.Shutdown(); err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "crucible: error: %v\n", err)
		return max(code, 1)
	}
	return code
}
