package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/ledger"
	"github.com/crucible-go/crucible/pkg/budget"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/money"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	run      = "run1"
	patience = 60 * time.Second
)

func openLog(t *testing.T) *bus.Bus {
	t.Helper()
	log, err := bus.Open(t.Context(), bus.Config{Dir: t.TempDir(), Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := errors.Join(log.EnsureControl(t.Context()), log.EnsureRun(t.Context(), run)); err != nil {
		t.Fatal(err)
	}
	return log
}

func dollars(t testing.TB, text string) money.USD {
	t.Helper()
	v, err := money.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// provider counts what it is asked for, whoever asks.
type provider struct {
	mu    sync.Mutex
	total budget.Amount
}

func (p *provider) ask(a budget.Amount) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total = p.total.Plus(a)
}

func (p *provider) counted() budget.Amount {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.total
}

// holder is one caller: a ledger, the lease by which others know that it lives,
// and several calls at a time.
type holder struct {
	t      *testing.T
	log    *bus.Bus
	name   string
	funds  *ledger.Ledger
	stop   context.CancelFunc // its life
	killed bool
	lost   atomic.Int64 // calls that the provider counted and whose end nobody heard of
	calls  sync.WaitGroup
	done   sync.WaitGroup
}

func newHolder(t *testing.T, log *bus.Bus, name string, limit budget.Limit) *holder {
	t.Helper()
	funds, err := ledger.Open(ledger.Config{Log: log, Run: run, Holder: name, Limit: limit, DeadAfter: time.Second, Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &holder{t: t, log: log, name: name, funds: funds, stop: cancel}
	held := make(chan struct{})
	h.done.Go(func() {
		if err := log.Lead(ctx, ledger.Presence(name), func(ctx context.Context) error {
			close(held)
			<-ctx.Done()
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
	h.done.Go(func() {
		if err := funds.Keep(ctx); err != nil {
			t.Error(err)
		}
	})
	<-held
	return h
}

// end stops the holder as a process stops that is told to.
func (h *holder) end() {
	h.stop()
	h.calls.Wait()
	h.done.Wait()
	h.funds.Close()
}

// most is what one call is reserved with, and uses at most.
func most(t testing.TB) budget.Amount {
	return budget.Amount{USD: dollars(t, "0.02"), Calls: 1, Tokens: 100}
}

// call is one call as a caller makes it: reserved, started, asked, completed. A
// caller that dies does so after the provider was asked.
func (h *holder) call(ctx context.Context, p *provider, id string, rng *rand.Rand) error {
	r, err := h.funds.Reserve(context.Background(), most(h.t))
	if err != nil {
		return err
	}
	h.publish(events.StartedSubject(run, "q", id, 1), &events.CallStarted{Attempt: 1, Nonce: h.name, Caller: h.name, ReservedUSD: "0.02", ReservedTokens: 100})
	used := budget.Amount{USD: money.PerMillion(dollars(h.t, "1"), rng.Int64N(20_001)), Calls: 1, Tokens: rng.Int64N(101)}
	p.ask(used)
	if ctx.Err() != nil {
		h.lost.Add(1)
		return ctx.Err()
	}
	r.Settle(used)
	h.publish(events.CompletedSubject(run, "q", id), &events.CallCompleted{Outcome: events.CallAnswered, CostKnown: true, CostUSD: used.USD.String(), Attempts: []events.Attempt{{
		Attempt: 1, Outcome: events.CallAnswered, CostUSD: used.USD.String(), Usage: &events.Usage{Output: used.Tokens, Source: events.UsageReported},
	}}})
	return nil
}

func (h *holder) publish(s events.Subject, d events.Data) {
	ev := events.About(s, "test/"+h.name, "", time.Now())
	ev.Data = d
	if _, err := h.log.PublishEvents(context.Background(), &ev); err != nil {
		h.t.Error(err)
	}
}

// work makes calls, several at a time, until it is stopped.
func (h *holder) work(p *provider) {
	for n := range 4 {
		h.calls.Go(func() {
			rng := rand.New(rand.NewPCG(7, uint64(n)))
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			for i := 0; i < 1000; i++ {
				if h.call(ctx, p, fmt.Sprintf("%s-%d-%d", h.name, n, i), rng) != nil {
					return
				}
				if h.killed && i == 2 {
					cancel() // the next call of this worker is asked, and nobody hears of its end
				}
			}
		})
	}
}

// Eight callers spend a dollar. Three of them die with calls under way. What the
// provider counted is at most a dollar, and at most what the log says; and what
// the dead had left over is spent by the living.
func TestABudgetHoldsAlthoughCallersDie(t *testing.T) {
	log := openLog(t)
	limit := budget.Limit{USD: dollars(t, "1.00")}
	p := new(provider)
	var holders []*holder
	for i := range 8 {
		h := newHolder(t, log, "caller"+strconv.Itoa(i), limit)
		h.killed = i < 3
		holders = append(holders, h)
	}
	for _, h := range holders[:3] {
		h.work(p)
	}
	for _, h := range holders[:3] {
		h.calls.Wait()
		h.stop() // no Close: what it had is found in the log
		h.done.Wait()
		if h.lost.Load() != 4 {
			t.Fatalf("%s died with %d calls under way", h.name, h.lost.Load())
		}
	}
	for _, h := range holders[3:] {
		h.work(p)
	}
	detail := reached(t, log, limit)
	for _, h := range holders[3:] {
		h.end()
	}
	counted := p.counted()
	if !limit.Allows(counted) {
		t.Errorf("the provider counted %s of %s", counted, limit)
	}
	said, err := ledger.Read(t.Context(), log, run)
	if err != nil {
		t.Fatal(err)
	}
	if said.Cost.Cost.Cmp(counted.USD) < 0 || said.Unpriced {
		t.Errorf("the log says $%s, the provider counted %s", said.Cost.Cost, counted)
	}
	// All but the lost calls and less than one more is spent on something.
	if least := dollars(t, "0.97"); said.Cost.Cost.Cmp(least) < 0 {
		t.Errorf("only $%s of the budget were spent", said.Cost.Cost)
	}
	t.Logf("provider %s, log $%s; %s", counted, said.Cost.Cost, detail)
}

// reached waits until the budget is.
func reached(t *testing.T, log *bus.Bus, limit budget.Limit) (detail string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	found := errors.New("reached")
	err := ledger.Watch(ctx, log, run, func() (budget.Limit, error) { return limit, nil }, func(_ context.Context, d string) error {
		detail = d
		return found
	})
	if !errors.Is(err, found) {
		t.Fatalf("the budget was not reached: %v", err)
	}
	return detail
}

// The control of TestABudgetHoldsAlthoughCallersDie: callers that each look what
// was spent before they ask, without reserving, spend more than the budget.
func TestLookingBeforeAskingIsNotEnough(t *testing.T) {
	limit := budget.Limit{USD: dollars(t, "1.00")}
	p := new(provider)
	var looked, calls sync.WaitGroup
	looked.Add(64)
	for range 64 {
		calls.Go(func() {
			within := limit.Allows(p.counted().Plus(most(t)))
			looked.Done()
			looked.Wait() // all are under way at once, as calls are that take seconds
			if within {
				p.ask(most(t))
			}
		})
	}
	calls.Wait()
	if limit.Allows(p.counted()) {
		t.Errorf("the provider counted %s: the scenario cannot overspend", p.counted())
	}
}

// A limit of calls and tokens holds like one of dollars, and a larger one lets
// those who wait go on.
func TestCallsAndTokensAndALargerBudget(t *testing.T) {
	for name, limits := range map[string][2]budget.Limit{
		"calls":  {{Calls: 25}, {Calls: 40}},
		"tokens": {{Tokens: 900}, {Tokens: 2000}},
	} {
		t.Run(name, func(t *testing.T) {
			log := openLog(t)
			p := new(provider)
			a, b := newHolder(t, log, "a", limits[0]), newHolder(t, log, "b", limits[0])
			a.work(p)
			b.work(p)
			for _, limit := range limits {
				a.funds.Limited(limit)
				b.funds.Limited(limit)
				reached(t, log, limit)
				if got := p.counted(); !limit.Allows(got) || limit.Allows(got.Plus(most(t))) {
					t.Errorf("%s counted at a limit of %s", got, limit)
				}
			}
			a.end()
			b.end()
		})
	}
}

// A process that others took for dead begins anew when it comes back, without
// what it had: that is counted already.
func TestAProcessThatWasTakenForDead(t *testing.T) {
	log := openLog(t)
	limit := budget.Limit{Calls: 10}
	a := newHolder(t, log, "a", limit)
	call := budget.Amount{Calls: 1}
	var open []*ledger.Reservation
	for range 3 {
		r, err := a.funds.Reserve(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, r)
	}
	bury(t, log, "a", budget.Amount{Calls: 3})
	b := newHolder(t, log, "b", limit)
	for range 7 {
		if _, err := b.funds.Reserve(t.Context(), call); err != nil {
			t.Fatal(err)
		}
	}
	for { // what a still had it may spend, until it looks: then there is nothing
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := a.funds.Reserve(ctx, call)
		cancel()
		if err != nil {
			break
		}
	}
	for _, r := range open {
		r.Settle(budget.Amount{}) // counted at the worst already
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := a.funds.Reserve(ctx, call); err == nil {
		t.Error("a share that was counted as spent was spent again")
	}
	a.end()
	b.end()
}

// bury does what a holder does that finds another one dead.
func bury(t *testing.T, log *bus.Bus, name string, spent budget.Amount) {
	t.Helper()
	cell, err := log.Cell(ledger.CellName(run))
	if err != nil {
		t.Fatal(err)
	}
	value, revision, err := cell.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	book, err := budget.Read(value)
	if err != nil {
		t.Fatal(err)
	}
	book.Bury(name, spent)
	if _, err := cell.Store(t.Context(), book.Bytes(), revision); err != nil {
		t.Fatal(err)
	}
}

// Without a limit there is no ledger, and nothing waits.
func TestNoLimit(t *testing.T) {
	funds, err := ledger.Open(ledger.Config{})
	if err != nil || funds != nil {
		t.Fatalf("%v %v", funds, err)
	}
	r, err := funds.Reserve(t.Context(), most(t))
	if r != nil || err != nil {
		t.Errorf("%v %v", r, err)
	}
	r.Settle(most(t))
	if _, ok := funds.Try(most(t)); !ok || funds.CountsMoney() || funds.Keep(t.Context()) != nil {
		t.Error("no limit limits")
	}
	funds.Limited(budget.Limit{})
	funds.Close()
}

// Most reservations ask nobody: the book is written in blocks.
func BenchmarkReserve(b *testing.B) {
	log, err := bus.Open(b.Context(), bus.Config{Dir: b.TempDir(), Logger: zerolog.Nop()})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	funds, err := ledger.Open(ledger.Config{Log: log, Run: run, Holder: "a", Limit: budget.Limit{USD: dollars(b, "100000000")}, Logger: zerolog.Nop()})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	go func() { _ = funds.Keep(ctx) }()
	need, used := most(b), budget.Amount{USD: dollars(b, "0.0012"), Calls: 1, Tokens: 31}
	b.ReportAllocs()
	for b.Loop() {
		r, err := funds.Reserve(ctx, need)
		if err != nil {
			b.Fatal(err)
		}
		r.Settle(used)
	}
}
