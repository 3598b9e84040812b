//go:build long

package e2e

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// The goals for what runs need on two cores. Times may take twice as long before
// a test fails: other programs use the machine too.
const (
	goalWall    = 8 * time.Second        // GSM8K in one process, from its start to the written report
	goalCPU     = 800 * time.Microsecond // of it per call, user and system
	goalMemory  = 1e9                    // bytes resident at most
	goalTwenty  = 3 * time.Second        // 20 items, from the start of the process to the report
	goalRestart = 3 * time.Second        // from the start of the process to the first new vote
	noise       = 2
)

// within logs a duration beside its goal, and fails the test beyond the noise.
func within(t *testing.T, what string, got, goal time.Duration) {
	t.Helper()
	t.Logf("%s: %v, goal %v", what, got.Round(time.Microsecond), goal)
	if got > noise*goal {
		t.Errorf("%s takes %v, more than %d times %v", what, got, noise, goal)
	}
}

// measure holds what the process of a GSM8K run has used against the goals.
func (p *process) measure(t *testing.T) {
	t.Helper()
	state := p.cmd.ProcessState
	within(t, "wall time of the GSM8K run", p.ended.Sub(p.started), goalWall)
	within(t, "CPU per call of the GSM8K run", (state.UserTime()+state.SystemTime())/gsm8kCalls, goalCPU)
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatalf("no resource usage but %T", state.SysUsage())
	}
	memory := usage.Maxrss
	if runtime.GOOS != "darwin" {
		memory *= 1024 // it counts in KB elsewhere
	}
	t.Logf("memory of the GSM8K run: %d MB, goal %d MB", memory/1e6, int64(goalMemory/1e6))
	if memory > goalMemory {
		t.Errorf("the GSM8K run was as large as %d bytes, more than %d", memory, int64(goalMemory))
	}
}

// A run of 20 items does not wait for more.
func TestTwentyItems(t *testing.T) {
	s := openOne(t, options{})
	j := s.begin(t, head(t, 20), "twenty").(*oneJob)
	r := ended(t, j, "twenty", 0)
	within(t, "a run of 20 items", j.process.ended.Sub(j.process.started), goalTwenty)
	wantCounts(t, counts(t, s, r.Run), map[string]int{"call.completed.v1": 120, "vote.decided.v1": 80})
}

// A process that died in the middle of a run is soon back at work, and the run
// ends as if nothing had happened.
func TestRestart(t *testing.T) {
	spec := gsm8kSpec(t)
	undisturbed := openOne(t, options{})
	want := bytesOf(t, perform(t, undisturbed, spec, "undisturbed", 0).Dir)

	s := openOne(t, options{})
	j := s.begin(t, spec, "restarted").(*oneJob)
	grown(t, j.process, s.log(), size(t, undisturbed.log())*3/5) // half of the votes: orders come before them
	dead := j.crash(t)
	if dead == nil {
		t.Fatal("the run had ended before it was killed")
	}
	started := j.process.started
	r := ended(t, j, "restarted", 0)
	sameBytes(t, "the restarted run", bytesOf(t, r.Dir), want)
	n := counts(t, s, r.Run)
	n["call.started.v1"] = min(n["call.started.v1"], gsm8kCalls) // what was under way is started again
	wantCounts(t, n, gsm8kCounts())
	verification(t, s, r.Run, 0)

	before, after := 0, []time.Time{}
	for _, at := range voteTimes(t, s, r.Run) {
		if at.Before(dead.gone) {
			before++
		} else {
			after = append(after, at)
		}
	}
	if before < gsm8kQueries/4 || before > gsm8kQueries*3/4 || len(after) == 0 {
		t.Fatalf("%d votes before the kill and %d after: it was not in the middle", before, len(after))
	}
	t.Logf("killed at %d of %d votes", before, gsm8kQueries)
	within(t, "first new vote after a restart", after[0].Sub(started), goalRestart)
}

// voteTimes are the times of a run's votes, in order.
func voteTimes(t *testing.T, s shape, run string) []time.Time {
	t.Helper()
	type row struct {
		At string `json:"at"`
	}
	var times []time.Time
	for _, r := range rows[row](t, s, "SELECT toString(time) AS at FROM events WHERE run = '"+run+"' AND kind = 'vote.decided.v1' ORDER BY time") {
		at, err := time.Parse(time.DateTime, r.At) // with any fraction
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, at)
	}
	return times
}

// log is the folder of the embedded log.
func (s *one) log() string { return filepath.Join(s.data, "log") }

// size is the number of bytes in the files of a folder, 0 without it. Files may
// come and go meanwhile.
func size(t *testing.T, dir string) int64 {
	t.Helper()
	var n int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var info fs.FileInfo
			if info, err = d.Info(); err == nil {
				n += info.Size()
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// grown waits until a folder that the process writes to has a size.
func grown(t *testing.T, p *process, dir string, bytes int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for size(t, dir) < bytes {
		select {
		case <-look.C:
		case <-p.done:
			t.Fatalf("%s ended before it had written %d bytes", p.name, bytes)
		case <-ctx.Done():
			t.Fatalf("%s has not written %d bytes", p.name, bytes)
		}
	}
}
