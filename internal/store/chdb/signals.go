package chdb

import (
	"fmt"
	"syscall"
	"unsafe"

	"github.com/ebitengine/purego"
)

// guarded are the signals whose handlers belong to the Go runtime and that the
// engine replaces when it starts: without them a nil dereference cannot be
// recovered from, and goroutines are no longer preempted.
var guarded = [...]syscall.Signal{
	syscall.SIGILL, syscall.SIGABRT, syscall.SIGFPE,
	syscall.SIGBUS, syscall.SIGSEGV, syscall.SIGURG,
}

// action is larger than the C struct sigaction of every supported platform (at
// most 152 bytes).
type action [256]byte

// signals keeps the handlers of the guarded signals while C code that would
// replace them runs. It is not safe for concurrent use.
type signals struct {
	sigaction func(sig int32, act, old unsafe.Pointer) int32
	kept      [len(guarded)]action
}

func (s *signals) bind() error {
	sym, err := purego.Dlsym(purego.RTLD_DEFAULT, "sigaction")
	if err != nil {
		return fmt.Errorf("find sigaction in the C library: %w", err)
	}
	purego.RegisterFunc(&s.sigaction, sym)
	return nil
}

func (s *signals) save() {
	for i, sig := range guarded {
		s.sigaction(int32(sig), nil, unsafe.Pointer(&s.kept[i]))
	}
}

func (s *signals) restore() {
	for i, sig := range guarded {
		s.sigaction(int32(sig), unsafe.Pointer(&s.kept[i]), nil)
	}
}
