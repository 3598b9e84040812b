package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"
)

// A run of calls that cost money, killed again and again: every query is decided
// once, no stored answer is asked for again, and what may have been charged in
// vain is said.
func TestKilledWhileAsking(t *testing.T) {
	t.Parallel()
	for i, shape := range shapes {
		t.Run(shape.name, func(t *testing.T) {
			t.Parallel()
			p := openProvider(t, "id=sim-fast,accuracy=0.8,p50=100ms,p95=200ms,p99=300ms", "id=sim-careful,accuracy=0.9,p50=200ms,p95=400ms,p99=600ms")
			s := shape.open(t, options{pools: p.pools()})
			const problems, calls = 100, 200
			rng := rand.New(rand.NewPCG(1, uint64(i)))
			moments := make([]int, max(kills, 4)) // in requests; each service of a cluster's flow dies once
			for i := range moments {
				moments[i] = 5 + rng.IntN(calls-25)
			}
			slices.Sort(moments)
			j := s.begin(t, p.spec(t, strconv.Itoa(problems)), "asking")
			var dead []*process
			for _, n := range moments {
				p.await(t, n)
				if d := j.crash(t); d != nil {
					dead = append(dead, d)
				}
			}
			if len(dead) != len(moments) {
				t.Errorf("killed %d times, not %d", len(dead), len(moments))
			}
			r := ended(t, j, "asking", 0)
			checkFolder(t, r.Dir)
			wantCounts(t, counts(t, s, r.Run), map[string]int{
				"query.dispatched.v1": calls, "call.requested.v1": calls, "call.completed.v1": calls, "vote.decided.v1": calls, "deadletter.recorded.v1": 0,
			})
			checkAttempts(t, s, r, p, dead)
			s.crucible(t, "verify", r.Run).want(t, 0)
		})
	}
}

// attempt is a row of the view, its times in nanoseconds.
type attempt struct {
	Query   string      `json:"query"`
	Call    string      `json:"call"`
	Attempt int         `json:"attempt"`
	Member  string      `json:"member"`
	Item    string      `json:"item"`
	Caller  string      `json:"caller"`
	Outcome string      `json:"outcome"`
	Started json.Number `json:"started"`
	Ended   json.Number `json:"ended"` // of its call
}

const attemptsQuery = `
SELECT a.query AS query, a.call AS call, a.attempt AS attempt, a.member AS member, a.item AS item, a.caller AS caller, a.outcome AS outcome,
	toString(toUnixTimestamp64Nano(assumeNotNull(a.started_at))) AS started,
	toString(toUnixTimestamp64Nano(assumeNotNull(c.completed_at))) AS ended
FROM attempts AS a INNER JOIN calls AS c ON a.run = c.run AND a.call = c.call
WHERE a.run = '%s' ORDER BY call, attempt`

func nanoseconds(t *testing.T, n json.Number) time.Time {
	t.Helper()
	ns, err := n.Int64()
	if err != nil {
		t.Fatal(err)
	}
	return time.Unix(0, ns)
}

// checkAttempts holds the record of the attempts against what the provider saw
// and who died when.
func checkAttempts(t *testing.T, s shape, r result, p *provider, dead []*process) {
	t.Helper()
	attempts := rows[attempt](t, s, fmt.Sprintf(attemptsQuery, r.Run))
	var lost []try
	perProcess := map[string]int{}
	answered := map[string]time.Time{} // by model and item
	for i, a := range attempts {
		switch a.Outcome {
		case "answered":
			answered["sim-"+a.Member+" "+a.Item] = nanoseconds(t, a.Ended)
		case "possibly_billed":
			lost = append(lost, try{a.Query, a.Call, a.Attempt})
			perProcess[a.Caller]++
			next := nanoseconds(t, a.Ended)
			if i+1 < len(attempts) && attempts[i+1].Call == a.Call {
				next = nanoseconds(t, attempts[i+1].Started)
			}
			if !inFlightAtDeath(a, nanoseconds(t, a.Started), next, dead) {
				t.Errorf("attempt %+v is possibly billed, but nobody died during it", a)
			}
		default:
			t.Errorf("attempt %+v", a)
		}
	}
	for caller, n := range perProcess {
		if n > concurrency {
			t.Errorf("%s left %d attempts, and had at most %d in flight", caller, n, concurrency)
		}
	}
	if len(lost) == 0 {
		t.Error("nothing was in flight when processes were killed: the test has not tested")
	}
	var env environ
	decode(t, read(t, r.Dir, "environment.json"), &env)
	checkBilled(t, env, lost, len(attempts))
	checkRequests(t, p, answered, len(attempts))
	t.Logf("%d attempts at %d calls, %d possibly billed, %d kills, %d requests", len(attempts), len(answered), len(lost), len(dead), p.count(t))
}

// inFlightAtDeath reports whether the caller of an attempt died between its
// start and what came next.
func inFlightAtDeath(a attempt, started, next time.Time, dead []*process) bool {
	for _, d := range dead {
		if hasSuffix(a.Caller, d.cmd.Process.Pid) && !started.After(d.gone) && next.After(d.killed) {
			return true
		}
	}
	return false
}

func hasSuffix(caller string, pid int) bool {
	tail := "-" + strconv.Itoa(pid)
	return len(caller) > len(tail) && caller[len(caller)-len(tail):] == tail
}

// checkBilled compares the list of the report with the log's.
func checkBilled(t *testing.T, env environ, lost []try, attempts int) {
	t.Helper()
	order := func(a, b try) int {
		return slices.Compare([]string{a.Call, strconv.Itoa(a.Attempt)}, []string{b.Call, strconv.Itoa(b.Attempt)})
	}
	slices.SortFunc(lost, order)
	slices.SortFunc(env.PossiblyBilled, order)
	if !slices.Equal(lost, env.PossiblyBilled) {
		t.Errorf("environment.json lists as possibly billed %v, the log %v", env.PossiblyBilled, lost)
	}
	if env.Calls.Attempts != attempts {
		t.Errorf("environment.json counts %d attempts, the log %d", env.Calls.Attempts, attempts)
	}
}

// checkRequests holds what the provider was asked against the answers' times:
// every answer was asked for, no attempt twice, and no stored answer again.
func checkRequests(t *testing.T, p *provider, answered map[string]time.Time, attempts int) {
	t.Helper()
	if n := p.count(t); n < len(answered) || n > attempts {
		t.Errorf("the provider had %d requests for %d answers and %d attempts", n, len(answered), attempts)
	}
	items := questions(t)
	asked := map[string]bool{}
	for _, r := range p.requests() {
		key := r.model + " " + items[r.question]
		asked[key] = true
		stored, ok := answered[key]
		if !ok {
			t.Errorf("%q was asked and has no answer", key)
		} else if r.at.After(stored) {
			t.Errorf("%q was asked again %v after its answer was stored", key, r.at.Sub(stored))
		}
	}
	if len(asked) != len(answered) {
		t.Errorf("%d were asked and %d have answers", len(asked), len(answered))
	}
}

// questions are the ids of the arithmetic problems by their text.
func questions(t *testing.T) map[string]string {
	t.Helper()
	ids := map[string]string{}
	for line := range lines(read(t, example(t, "arithmetic/problems.jsonl"))) {
		var item struct{ ID, Question string }
		decode(t, line, &item)
		ids[item.Question] = item.ID
	}
	return ids
}

// A run of recorded answers, killed again and again at random, ends with the
// bytes of one that was left alone.
func TestKilledRunGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	killAtRandom(t, example(t, "arithmetic.yaml"), 2)
}

// killAtRandom performs a spec on each shape with processes that are killed at
// random moments, kills of them, and under another name when it ends before that.
func killAtRandom(t *testing.T, spec string, seed uint64) {
	t.Helper()
	began := time.Now()
	want := bytesOf(t, perform(t, openOne(t, options{}), spec, "undisturbed", 0).Dir)
	wall := time.Since(began)
	for i, shape := range shapes {
		t.Run(shape.name, func(t *testing.T) {
			t.Parallel()
			s := shape.open(t, options{})
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			dead, n := 0, 1
			for ; dead < kills; n++ {
				run := "disturbed" + strconv.Itoa(n)
				j := s.begin(t, spec, run)
				for dead < kills && lasts(j, time.Duration(rng.Int64N(int64(wall/2)))) && j.crash(t) != nil {
					dead++
				}
				r := ended(t, j, run, 0)
				sameBytes(t, run, bytesOf(t, r.Dir), want)
				s.crucible(t, "verify", run).want(t, 0)
			}
			t.Logf("%d kills in %d runs", dead, n-1)
		})
	}
}

// lasts reports whether the run is still under way after a time.
func lasts(j job, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-j.done():
		return false
	}
}
