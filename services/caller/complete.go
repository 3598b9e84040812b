package caller

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
)

// answered is the terminal fact of a call with an answer. Its latency runs from
// sending the first attempt to the last byte of the answer; permits and queues
// are not part of it.
func (c *call) answered(winner *attempt) *events.CallCompleted {
	r := winner.reply
	last := c.recorded(winner.number)
	if r.Repaired {
		last.Outcome = events.CallFailed
		last.Failure = &events.Failure{Class: provider.ClassInvalidUTF8, Message: "the text is not valid UTF-8; it is kept with U+FFFD in the place of what is not"}
	}
	d := c.terminal(last.Outcome)
	d.Answer = r.Text
	d.Usage, d.Served, d.Finish = tokens(c.attempts), r.Served, r.Finish
	d.Simulated, d.Recorded = r.Simulated, r.Recorded
	d.Failure = last.Failure
	switch {
	case d.Failure != nil:
	case !r.HasLatency:
	case c.order.Virtual:
		d.LatencyNS = c.virtual
	case r.LatencyNS > 0:
		d.LatencyNS = r.LatencyNS
	default:
		d.LatencyNS = last.StartNS + last.LatencyNS
		d.LatencyVoid = c.void(d)
	}
	return d
}

// void reports whether our own process was too late, while the call was made, for
// its latency to say anything.
func (c *call) void(d *events.CallCompleted) bool {
	most := int64(0)
	for i := range d.Attempts {
		most = max(most, d.Attempts[i].LagNS)
	}
	return void(time.Duration(most), time.Duration(d.LatencyNS))
}

// recorded is the record of an attempt by its number.
func (c *call) recorded(number int) *events.Attempt {
	i := slices.IndexFunc(c.attempts, func(a events.Attempt) bool { return a.Attempt == number })
	return &c.attempts[i]
}

// failed is the terminal fact of a call without an answer.
func (c *call) failed(outcome string, f *provider.Error) *events.CallCompleted {
	d := c.terminal(outcome)
	d.Failure = &events.Failure{Class: f.Class, Message: f.Message}
	d.Simulated = f.Simulated
	d.Recorded = c.order.Provider == "recorded"
	return d
}

// terminal sums up the attempts.
func (c *call) terminal(outcome string) *events.CallCompleted {
	slices.SortFunc(c.attempts, func(a, b events.Attempt) int { return cmp.Compare(a.Attempt, b.Attempt) })
	d := &events.CallCompleted{
		Outcome:  outcome,
		Role:     c.order.Role,
		Attempts: c.attempts,
	}
	if bills(c.order.Provider) {
		d.WaitNS = c.waited.Nanoseconds()
	}
	c.total(d)
	return d
}

// complete publishes the terminal fact. What it says may have cost money, so it
// is offered until the log has it or this process must stop.
func (c *call) complete(ctx context.Context, d *events.CallCompleted) error {
	r := c.request
	ev := events.About(events.CompletedSubject(r.Run, r.Query, r.Call), c.source(), r.ID, c.Now())
	c.describe(&ev)
	ev.Data = d
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		_, err := c.Log.PublishEvents(ctx, &ev)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || c.Log.Err() != nil {
			return err
		}
		c.waiting.Do(func() {
			c.Logger.Warn().Err(err).Str("run", r.Run).Str("event", ev.ID).Msg("answers wait for the log")
		})
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return err
		}
	}
}
