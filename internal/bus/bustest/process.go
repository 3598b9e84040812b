package bustest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/crucible-go/crucible/internal/bus"
)

const (
	envDir  = "CRUCIBLE_BUSTEST_DIR"
	envPort = "CRUCIBLE_BUSTEST_PORT"
)

// Main is the TestMain of packages that use StartProcess: in the process that
// StartProcess makes of the test binary it runs the server, otherwise the tests,
// and it fails them when they leave goroutines behind.
func Main(m *testing.M) {
	if dir := os.Getenv(envDir); dir != "" {
		os.Exit(serve(dir, os.Getenv(envPort)))
	}
	goleak.VerifyTestMain(m)
}

// serve runs a server until standard input ends, which it does with the parent.
func serve(dir, port string) int {
	n, err := strconv.Atoi(port)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	s, err := bus.StartServer(bus.ServerConfig{Dir: dir, Port: n, Logger: zerolog.Nop()})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(s.URL())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := s.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// Process is a nats-server in a process of its own, with the shipped settings,
// on 127.0.0.1.
type Process struct {
	URL  string
	dir  string
	port string
	cmd  *exec.Cmd
	in   io.Closer
}

// StartProcess starts a server that ends with the test. The test's package needs
// Main as its TestMain.
func StartProcess(tb testing.TB) *Process {
	tb.Helper()
	p := &Process{dir: tb.TempDir(), port: "0"}
	p.Start(tb)
	tb.Cleanup(func() { p.Kill(tb) })
	return p
}

// Start starts the server again, on the same folder and port.
func (p *Process) Start(tb testing.TB) {
	tb.Helper()
	p.cmd = exec.Command(os.Args[0]) // this test binary itself
	p.cmd.Env = append(os.Environ(), envDir+"="+p.dir, envPort+"="+p.port)
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	p.in = in
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatalf("server did not start: %v", err)
	}
	p.URL = strings.TrimSpace(line)
	p.port = p.URL[strings.LastIndexByte(p.URL, ':')+1:]
}

// Kill ends the server with kill -9, as a crash would.
func (p *Process) Kill(tb testing.TB) {
	tb.Helper()
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // it was killed: that is its error
	_ = p.in.Close()
	p.cmd = nil
}

// Restart kills the server and starts it again.
func (p *Process) Restart(tb testing.TB) {
	tb.Helper()
	p.Kill(tb)
	p.Start(tb)
}
