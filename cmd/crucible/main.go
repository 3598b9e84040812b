// Command crucible runs reproducible, statistically rigorous experiments on the
// reliability, latency and cost of large language models.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/crucible-go/crucible/internal/cli"
	"github.com/crucible-go/crucible/internal/store"
)

func main() { os.Exit(run()) }

// run is main without its exit, and returns the exit code. A second signal ends
// the process at once.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	code := cli.Main(ctx, os.Args[1:], cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, LookupEnv: os.LookupEnv})
	if err := store.Shutdown(); err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "crucible: error: %v\n", err) // nobody is left to tell
		return max(code, 1)
	}
	return code
}
