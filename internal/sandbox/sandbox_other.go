//go:build !linux

package sandbox

import (
	"context"
	"errors"
)

// Config configures a Sandbox.
type Config struct {
	Limits   Limits
	Python   string
	Readable []string
	Warm     int
}

// Sandbox runs programs, on Linux.
type Sandbox struct{}

// New refuses: there is no sandbox but on Linux.
func New(context.Context, Config) (*Sandbox, error) {
	return nil, errors.New("sandbox: untrusted code runs on Linux only, in bubblewrap")
}

// Python is never reached.
func (*Sandbox) Python(context.Context, string, string) (Result, error) {
	return Result{Verdict: Error}, errors.New("sandbox: not on this system")
}

// Command is never reached.
func (*Sandbox) Command(context.Context, []string, []byte) (Result, error) {
	return Result{Verdict: Error}, errors.New("sandbox: not on this system")
}

// Close does nothing.
func (*Sandbox) Close() {}
