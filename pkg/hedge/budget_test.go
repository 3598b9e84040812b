package hedge

import (
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// TestBudgetHolds shows the promise over any stretch of any interleaving: at most
// rate times the calls, and the burst.
func TestBudgetHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		percent, burst := rapid.IntRange(1, 100).Draw(t, "percent"), rapid.IntRange(1, 30).Draw(t, "burst")
		rate := float64(percent) / 100
		b := NewBudget(rate, burst)
		// The worst stretch that ends now, by Kadane's recurrence: what was taken
		// in it beyond what its calls earned.
		over, held := 0.0, 0
		for _, step := range rapid.SliceOfN(rapid.IntRange(0, 5), 1, 400).Draw(t, "steps") {
			switch {
			case step < 2:
				b.Earn()
				over = max(over-rate, 0)
			case step == 5 && held > 0:
				b.Return()
				held--
				over = max(over-1, 0)
			case step == 4:
				b.Spend()
			default:
				if b.Take() {
					held++
					over++
				}
			}
			if over > float64(burst)+1e-6 {
				t.Fatalf("a stretch took %.3f more than its calls earned, with a burst of %d", over, burst)
			}
		}
	})
}

// TestBudgetTogether shows the same where many ask at once, and that nothing that
// was earned is lost while the bucket has room.
func TestBudgetTogether(t *testing.T) {
	const workers, calls, burst, rate = 8, 20_000, 20, 0.05
	b := NewBudget(rate, burst)
	var taken atomic.Int64
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for n := range calls {
				b.Earn()
				switch {
				case !b.Take():
				case n%7 == 0:
					b.Return()
				default:
					taken.Add(1)
				}
			}
		})
	}
	all.Wait()
	for b.Take() {
		taken.Add(1)
	}
	if got, want := taken.Load(), int64(rate*workers*calls); got != want {
		t.Errorf("%d extra calls of %d, want %d: asked for at every call, none may be lost or won", got, workers*calls, want)
	}
}

// TestBudgetSaves shows that a quiet hour saves up a burst and no more, that debts
// are forgotten beyond a burst, and that no budget refuses nothing.
func TestBudgetSaves(t *testing.T) {
	count := func(b *Budget) (n int) {
		for b.Take() {
			n++
		}
		return n
	}
	b := NewBudget(0.1, 5)
	if n := count(b); n != 0 {
		t.Errorf("%d extra calls before the first call", n)
	}
	for range 10_000 {
		b.Earn()
	}
	b.Return()
	if n := count(b); n != 5 {
		t.Errorf("%d saved up, want 5", n)
	}
	for range 1000 {
		b.Spend()
	}
	for range 60 {
		b.Earn()
	}
	if n := count(b); n != 1 {
		t.Errorf("%d after debts and 60 calls, want 1: 5 of debt are paid first", n)
	}
	var none *Budget
	none.Earn()
	none.Spend()
	none.Return()
	if !none.Take() {
		t.Error("no budget refuses")
	}
}
