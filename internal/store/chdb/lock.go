package chdb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// lockName is the file that the owner of a data folder holds locked. Its text
// says who that is; the lock itself ends with the process, however it ends.
const lockName = "crucible.lock"

// ErrLocked marks a data folder that another process has open.
var ErrLocked = errors.New("the data folder is in use")

type dirLock struct{ f *flock.Flock }

func lockDir(dir string) (*dirLock, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	path := filepath.Join(dir, lockName)
	f := flock.New(path)
	ok, err := f.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the data folder %s: %w", dir, err)
	}
	if !ok {
		return nil, fmt.Errorf("%w: %s is held by %s", ErrLocked, dir, holder(path))
	}
	if err := os.WriteFile(path, []byte(self()+"\n"), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", path, err), f.Unlock())
	}
	return &dirLock{f}, nil
}

// release frees the folder. The file stays: removing it would let two processes
// lock two files of the same name.
func (l *dirLock) release() error { return l.f.Unlock() }

func self() string {
	host, err := os.Hostname()
	if err != nil {
		host = "this host"
	}
	return fmt.Sprintf("process %d (%s) on %s", os.Getpid(), filepath.Base(os.Args[0]), host)
}

func holder(path string) string {
	b, err := os.ReadFile(path)
	if who := strings.TrimSpace(string(b)); err == nil && who != "" {
		return who
	}
	return "another process"
}
