//go:build long

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// A minute of what the short test does in five seconds.
func TestTwoProcessesShareALimitForAMinute(t *testing.T) { shareALimit(t, 60*perSecond) }

// Three callers never make more calls at a time than the limit, and use all of
// it, also when one of them is killed and another one comes.
func TestConcurrencySurvivesAKill(t *testing.T) {
	const most, n = 9, 700
	p := openStrict(t, 200*time.Millisecond)
	url := p.url[:len(p.url)-len("/v1")] + "/unlimited/v1"
	pool := experiment.NewPool("openai", url, "", nil)
	c := openCallers(t, 3, n, pool, fmt.Sprintf(`{provider: openai, base_url: "%s", concurrency: %d}`, url, most))
	p.await(t, n/4)
	if !c.processes[0].kill() {
		t.Fatal("the caller had ended by itself")
	}
	p.await(t, n/3)
	c.start(t)
	outcomes, _ := c.completed(t, n)
	if outcomes[events.CallAnswered] != n {
		t.Errorf("outcomes: %v", outcomes)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.peak != most {
		t.Errorf("%d calls at a time, limit %d", p.peak, most)
	}
	// What the dead one had in hand comes back later, by its orders' own lease.
	const last = n - 2*most
	took, least := p.times[last].Sub(p.first), time.Duration(last/most)*p.latency
	t.Logf("%d calls in %v, %v at the least", last, took, least)
	if took > least+least/2 {
		t.Errorf("%d calls took %v, %v at the least", last, took, least)
	}
}
