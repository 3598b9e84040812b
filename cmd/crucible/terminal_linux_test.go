package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// TestTerminal looks at what people see on a terminal.
func TestTerminal(t *testing.T) {
	p := params(t, "testdata/terminal")
	p.Cmds["terminal"] = terminal
	testscript.Run(t, p)
}

// terminal COLUMNS CODE PROGRAM ARGS... runs a program whose stderr is a terminal
// of so many columns. What it shows is in the file screen, with escapes spelled
// out and each drawing of a line on a line of its own.
func terminal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: terminal COLUMNS CODE PROGRAM ARGS...")
	}
	columns, err := strconv.Atoi(args[0])
	ts.Check(err)
	master, slave, err := openTerminal(columns)
	ts.Check(err)
	defer master.Close()
	cmd := exec.Command(lookIn(ts.Getenv("PATH"), args[2]), args[3:]...)
	cmd.Dir, cmd.Env, cmd.Stderr = ts.MkAbs("."), environment(ts), slave
	ts.Check(cmd.Start())
	ts.Check(slave.Close())
	screen, err := io.ReadAll(master)
	if !errors.Is(err, syscall.EIO) { // how a terminal without users ends
		ts.Check(err)
	}
	_ = cmd.Wait() // the exit code is what counts
	screen = bytes.ReplaceAll(screen, []byte("\r\x1b[K"), []byte("\nESC "))
	ts.Check(os.WriteFile(ts.MkAbs("screen"), screen, 0o600))
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != args[1] {
		ts.Fatalf("exit code %s, want %s\n%s", got, args[1], screen)
	}
}

// openTerminal makes a pseudo-terminal.
func openTerminal(columns int) (master, slave *os.File, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	err = errors.Join(err,
		unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0),
		unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(columns)}))
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		return nil, nil, errors.Join(err, master.Close())
	}
	return master, slave, nil
}
