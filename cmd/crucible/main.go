// Command crucible runs reproducible, statistically rigorous experiments on the
// reliability, latency and cost of large language models.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/crucible-go/crucible/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, os.Args[1:], cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, LookupEnv: os.LookupEnv})
	stop()
	os.Exit(code)
}
