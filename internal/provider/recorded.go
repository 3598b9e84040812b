package provider

import (
	"context"
)

// Recorded answers with what a model said once, which the order carries. It
// never waits and costs nothing.
type Recorded struct{}

// Ask implements Provider.
func (Recorded) Ask(ctx context.Context, r *Request) (*Reply, error) {
	if err := ctx.Err(); err != nil {
		return nil, ended(ctx, BilledNo)
	}
	rec := r.Order.Recorded
	switch {
	case rec == nil:
		return nil, unprocessable("the order carries no recorded answer")
	case !rec.Found:
		return nil, &Error{Class: ClassNoRecordedAnswer, Message: "the data has no answer of " + clip(r.Member, 200) + " for this item", Billed: BilledNo}
	}
	text, repaired := repair(rec.Text)
	return &Reply{
		Text:       text,
		LatencyNS:  rec.LatencyNS,
		HasLatency: rec.LatencyNS > 0,
		Served:     r.Model,
		Recorded:   true,
		Simulated:  rec.Simulated,
		Repaired:   repaired,
	}, nil
}
