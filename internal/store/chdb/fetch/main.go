// Command fetch puts the ClickHouse engine of this platform into the user's
// cache folder and prints its path. It downloads the package with npm, which
// runs nothing of it, checks it against the hash in this repository and takes
// only the library out of it. When the library is there it does nothing.
//
//	go run ./internal/store/chdb/fetch            # fetch, if it is missing
//	go run ./internal/store/chdb/fetch --verify   # read the library and compare its hash
//	go run ./internal/store/chdb/fetch --from F   # from a package that lies here
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the command: 0 done, 1 failed, 2 wrong usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f := fetcher{goos: runtime.GOOS, goarch: runtime.GOARCH, talk: stderr}
	flags := flag.NewFlagSet("fetch", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&f.verify, "verify", false, "read the library and compare its hash")
	flags.StringVar(&f.from, "from", "", "take the package from this `file` instead of npm")
	flags.StringVar(&f.integrity, "sha512", "", "base64 `hash` of the package, for a platform without one in this repository")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		_, _ = fmt.Fprintf(stderr, "fetch: error: unexpected argument %q\n", flags.Arg(0))
		return 2
	}
	path, err := f.fetch(ctx)
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "fetch: error: %v\n", err)
		return 1
	}
	if _, err := fmt.Fprintln(stdout, path); err != nil {
		return 1
	}
	return 0
}
