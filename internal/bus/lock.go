package bus

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// folderLock is the ownership of a data folder. The kernel ends it with the
// process, however that dies; the file beside it only says who it is.
type folderLock struct {
	flock *flock.Flock
	owner string
}

type folderOwner struct {
	PID     int       `json:"pid"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}

// lockFolder takes the ownership of dir, or fails with ErrLocked and who has it.
func lockFolder(dir string) (*folderLock, error) {
	l := &folderLock{flock: flock.New(filepath.Join(dir, "lock")), owner: filepath.Join(dir, "owner.json")}
	ok, err := l.flock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if !ok {
		return nil, fmt.Errorf("%w: %s is held by %s", ErrLocked, dir, l.holder())
	}
	me := folderOwner{PID: os.Getpid(), Command: strings.Join(commandName(os.Args), " "), Since: time.Now().UTC().Truncate(time.Second)}
	b, err := json.Marshal(me)
	if err == nil {
		err = os.WriteFile(l.owner, append(b, '\n'), 0o600)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", dir, err), l.release())
	}
	return l, nil
}

// commandName is the program and its subcommand: further arguments may be long
// or secret.
func commandName(args []string) []string {
	if len(args) == 0 {
		return nil
	}
	out := []string{filepath.Base(args[0])}
	if len(args) > 1 && !strings.HasPrefix(args[1], "-") {
		out = append(out, args[1])
	}
	return out
}

func (l *folderLock) holder() string {
	var o folderOwner
	b, err := os.ReadFile(l.owner)
	if err != nil || json.Unmarshal(b, &o) != nil || o.PID == 0 {
		return "another process"
	}
	return fmt.Sprintf("process %d (%s) since %s", o.PID, o.Command, o.Since.Local().Format(time.RFC3339))
}

// release gives the folder free. Once is enough: later calls do nothing, for the
// folder may have another owner by then.
func (l *folderLock) release() error {
	if !l.flock.Locked() {
		return nil
	}
	err := os.Remove(l.owner)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, l.flock.Close())
}
