package caller_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
)

// A wrong key is used once: the other calls are told without asking.
func TestWrongKeyIsUsedOnce(t *testing.T) {
	s := newServer(t, func(_ int64, w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"error":{"message":"Incorrect API key"}}`, http.StatusUnauthorized)
	})
	w := newWorld(t, s.pool())
	const n = 40
	for i := range n {
		w.order(fmt.Sprintf("c%d", i), events.CallRequested{Retries: 5})
	}
	defer w.serve()()
	made := 0
	for i := range n {
		d := w.completed(fmt.Sprintf("c%d", i))
		if d.Outcome != events.CallFailed || d.Failure.Class != provider.ClassAuth || !strings.Contains(d.Failure.Message, "Incorrect API key") {
			t.Fatalf("a call with a wrong key: %+v", d)
		}
		made += len(d.Attempts)
	}
	if got := s.requests.Load(); got != 1 || made != 1 {
		t.Errorf("%d requests and %d attempts in the log, want 1", got, made)
	}
}

// A server that is not there ends the calls soon, after the failures that open the
// gate.
func TestServerThatIsNotThere(t *testing.T) {
	s := newServer(t, nil)
	pool := s.pool()
	pool.Concurrency = 2
	s.Close()
	w := newWorld(t, pool)
	const n = 30
	for i := range n {
		w.order(fmt.Sprintf("c%d", i), events.CallRequested{})
	}
	defer w.serve()()
	made := 0
	for i := range n {
		d := w.completed(fmt.Sprintf("c%d", i))
		if d.Outcome != events.CallFailed || d.Failure.Class != provider.ClassConnection {
			t.Fatalf("a call of a server that is not there: %+v", d)
		}
		made += len(d.Attempts)
	}
	if made > 8 {
		t.Errorf("%d attempts", made)
	}
}

// A spec lowers the limits of a pool for its own run, and never raises them.
func TestSpecLowersLimits(t *testing.T) {
	for limits, want := range map[string]int64{`{"concurrency":2}`: 2, `{"concurrency":50}`: 4, `{"rpm":100000}`: 4} {
		var busy, peak atomic.Int64
		s := newServer(t, func(_ int64, w http.ResponseWriter, _ *http.Request) {
			n := busy.Add(1)
			for old := peak.Load(); n > old && !peak.CompareAndSwap(old, n); old = peak.Load() {
			}
			<-time.After(50 * time.Millisecond) // the model thinks
			busy.Add(-1)
			reply(w, "42")
		})
		pool := s.pool()
		pool.Concurrency = 4
		w := newWorldOf(t, fmt.Sprintf(`{"version":1,"models":[{"id":"m","provider":"openai","base_url":%q,"limits":%s}],"conditions":[{"name":"c","members":["m"]}]}`, pool.BaseURL, limits), pool)
		const n = 24
		for i := range n {
			w.order(fmt.Sprintf("c%d", i), events.CallRequested{})
		}
		stop := w.serve()
		for i := range n {
			if d := w.completed(fmt.Sprintf("c%d", i)); d.Outcome != events.CallAnswered {
				t.Fatalf("limits %s: %+v", limits, d)
			}
		}
		stop()
		if got := peak.Load(); got != want {
			t.Errorf("limits %s: %d calls at a time, want %d", limits, got, want)
		}
	}
}
