package limiter_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	xrate "golang.org/x/time/rate"

	"github.com/crucible-go/crucible/internal/limiter"
	"github.com/crucible-go/crucible/pkg/limit"
)

// strict is a provider that turns away what exceeds a rate by more than a burst
// (a generic cell rate algorithm).
type strict struct {
	mu      sync.Mutex
	every   time.Duration
	burst   int
	next    time.Time // when a request would be due
	served  int
	refused int
	first   time.Time
	last    time.Time
}

func (s *strict) ask() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.served == 0 {
		s.first = now
	}
	if s.next.Before(now) {
		s.next = now
	}
	if s.next.Sub(now) > time.Duration(s.burst)*s.every {
		s.refused++
		return false
	}
	s.next = s.next.Add(s.every)
	s.served++
	s.last = now
	return true
}

// load asks through a pool by so many workers until ctx is done.
func load(ctx context.Context, wg *sync.WaitGroup, p *limiter.Pool, workers int, s *strict) {
	for range workers {
		wg.Go(func() {
			for {
				permit, err := p.Acquire(ctx, 1)
				if err != nil {
					return
				}
				if s.ask() {
					permit.Done(good(), nil)
				} else {
					permit.Done(nil, failed("rate_limited"))
				}
			}
		})
	}
}

// Two members, each by its own connection, use one limit of 60 requests a second
// nearly whole, and are hardly ever refused. Two that know nothing of each other
// are refused half of what they send.
func TestTwoMembersShareARate(t *testing.T) {
	const rate, span = 60, 4 * time.Second
	measure := func(t *testing.T, pools ...*limiter.Pool) (used, refused float64) {
		ctx, cancel := context.WithTimeout(t.Context(), span)
		defer cancel()
		s := &strict{every: time.Second / rate, burst: rate / 5}
		var wg sync.WaitGroup
		for _, p := range pools {
			load(ctx, &wg, p, 8, s)
		}
		wg.Wait()
		return float64(s.served) / (rate * span.Seconds()), float64(s.refused) / float64(s.served+s.refused)
	}
	conf := limiter.Config{Limit: limit.PerMinute(64, rate*60, 0)}
	t.Run("shared", func(t *testing.T) {
		c := newCluster(t, 2)
		a, _ := c.member(t, 0, "a", conf)
		b, _ := c.member(t, 1, "b", conf)
		used, refused := measure(t, a, b)
		t.Logf("%.1f %% of the limit used, %.1f %% refused", 100*used, 100*refused)
		if used < 0.95 || refused > 0.02 {
			t.Errorf("%.1f %% of the limit used, want 95 %%; %.1f %% refused, want at most 2 %%", 100*used, 100*refused)
		}
	})
	t.Run("control: apart", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), span/4)
		defer cancel()
		s := &strict{every: time.Second / rate, burst: rate / 5}
		var wg sync.WaitGroup
		for range 2 {
			own := xrate.NewLimiter(rate, 1)
			wg.Go(func() {
				for own.Wait(ctx) == nil {
					s.ask()
				}
			})
		}
		wg.Wait()
		if refused := float64(s.refused) / float64(s.served+s.refused); refused <= 0.1 {
			t.Errorf("%.1f %% refused: the test sees no difference", 100*refused)
		}
	})
}

// Members never have more calls under way than the limit, use all of it, and the
// permits of one that died come back.
func TestConcurrencyOfACluster(t *testing.T) {
	for _, most := range []int{1, 5} {
		c := newCluster(t, 3)
		conf := limiter.Config{Limit: calls(most)}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		var (
			wg         sync.WaitGroup
			busy, peak atomic.Int64
			made       [3]atomic.Int64
		)
		for i, name := range []string{"a", "b", "c"} {
			p, _ := c.member(t, i, name, conf)
			for range 4 {
				wg.Go(func() {
					for {
						permit, err := p.Acquire(ctx, 1)
						if err != nil {
							return
						}
						n := busy.Add(1)
						for old := peak.Load(); n > old && !peak.CompareAndSwap(old, n); old = peak.Load() {
						}
						made[i].Add(1)
						<-time.After(5 * time.Millisecond) // the call
						busy.Add(-1)
						permit.Done(good(), nil)
					}
				})
			}
		}
		wg.Wait()
		if got := peak.Load(); got != int64(most) {
			t.Errorf("limit %d: %d calls at a time", most, got)
		}
		total := made[0].Load() + made[1].Load() + made[2].Load()
		t.Logf("limit %d: %d calls: %d %d %d", most, total, made[0].Load(), made[1].Load(), made[2].Load())
		for i := range made {
			if n := made[i].Load(); n < total/6 {
				t.Errorf("limit %d: member %d made %d of %d calls", most, i, n, total)
			}
		}
	}
}
