package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/internal/store/storetest"
)

// The test binary as another process: childEnv says what it is to do in the
// data folder dirEnv.
const (
	childEnv = "STORE_TEST_CHILD"
	dirEnv   = "STORE_TEST_DIR"
)

const killItems = 400

// child sinks or checks the log of a run in a process of its own.
func child(what, dir string) (err error) {
	l := storetest.NewLog("killed", killItems)
	s, err := store.Open(context.Background(), store.Config{Dir: dir, Logger: zerolog.Nop()})
	if err != nil {
		return err
	}
	defer func() {
		if err == nil {
			err = s.Close()
		}
	}()
	if what == "check" {
		return check(s, l)
	}
	return sink(s, l)
}

// sink inserts the log from the position that its standard input names, in
// batches of the size that it names, and waits after each for a line: the
// acknowledgement.
func sink(s *store.Store, l *storetest.Log) error {
	in := bufio.NewReader(os.Stdin)
	var from, size int
	if _, err := fmt.Fscanln(in, &from, &size); err != nil {
		return err
	}
	for from < len(l.Rows) {
		to := min(from+size, len(l.Rows))
		fmt.Println("inserting", to)
		if err := s.Insert(context.Background(), l.Rows[from:to]); err != nil {
			return err
		}
		fmt.Println("inserted", to)
		if _, err := in.ReadString('\n'); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// check prints what a reader sees.
func check(s *store.Store, l *storetest.Log) error {
	ctx := context.Background()
	diff, err := s.Differences(ctx, l.Run, l.Last, l.Digests.Kinds())
	if err != nil {
		return err
	}
	fmt.Printf("differences %q\n", diff)
	return s.Query(ctx, `SELECT (SELECT count() FROM events_raw), (SELECT (count(), uniqExact(id)) FROM events), (SELECT count() FROM calls),
		(SELECT count() FROM votes), (SELECT state FROM runs)`, false, func(_, _ []string, row []any) error {
		for _, v := range row {
			fmt.Println(store.Format(v))
		}
		return nil
	})
}

// start runs the child and returns its output and its input.
func start(t *testing.T, what, dir string) (*exec.Cmd, *bufio.Reader, io.WriteCloser) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+what, dirEnv+"="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewReader(out), in
}

// TestKilledBetweenInsertAndAcknowledgement kills a sink 20 times, in the middle
// of an insert or after it and before its acknowledgement, and starts the next
// one at the last acknowledged position with other batches.
func TestKilledBetweenInsertAndAcknowledgement(t *testing.T) {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(20, 26))
	rows := len(storetest.NewLog("killed", killItems).Rows)
	acked := 0
	for kill := 0; acked < rows; kill++ {
		size := rows/24 + rng.IntN(rows/8)
		acked = sinkUntil(t, dir, acked, size, kill < 20, rng)
	}
	cmd, out, _ := start(t, "check", dir)
	b, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSpace(string(b)), "\n")
	want := []string{"differences []", "", fmt.Sprintf("[%d,%d]", rows, rows), strconv.Itoa(2 * killItems), strconv.Itoa(killItems), "complete"}
	if len(got) != len(want) {
		t.Fatalf("the reader says %q", got)
	}
	for i, w := range want {
		if w != "" && got[i] != w {
			t.Errorf("line %d: %q, want %q", i, got[i], w)
		}
	}
	if raw, err := strconv.Atoi(got[1]); err != nil || raw <= rows {
		t.Errorf("%q rows stored for %d events: no batch was inserted twice, so this test shows nothing", got[1], rows)
	}
}

// sinkUntil runs a sink from a position and returns the position that was
// acknowledged last. With kill it ends the process at a random moment.
func sinkUntil(t *testing.T, dir string, from, size int, kill bool, rng *rand.Rand) int {
	t.Helper()
	cmd, out, in := start(t, "sink", dir)
	if _, err := fmt.Fprintln(in, from, size); err != nil {
		t.Fatal(err)
	}
	batches, moment := rng.IntN(2), rng.IntN(3)
	for batch := 0; ; batch++ {
		line, err := out.ReadString('\n')
		if errors.Is(err, io.EOF) {
			if err := cmd.Wait(); err != nil {
				t.Fatalf("the sink ended badly: %v", err)
			}
			return from
		}
		if err != nil || !strings.HasPrefix(line, "inserting ") {
			t.Fatalf("the sink says %q, %v", line, err)
		}
		last := kill && batch >= batches
		if last && moment == 0 { // inside the insert
			<-time.After(time.Duration(rng.IntN(8)) * time.Millisecond)
			end(cmd)
			return from
		}
		if line, err = out.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		if last { // stored and not acknowledged
			end(cmd)
			return from
		}
		if _, err := fmt.Sscanf(line, "inserted %d", &from); err != nil {
			t.Fatalf("the sink says %q", line)
		}
		if _, err := fmt.Fprintln(in, "acknowledged"); err != nil {
			t.Fatal(err)
		}
	}
}

// end kills a process as a power failure would, and waits until it is gone.
func end(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}
