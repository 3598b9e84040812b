package bus

import (
	"context"
	"fmt"
	"io"

	"github.com/mailru/easyjson"
	"github.com/mailru/easyjson/jwriter"

	"github.com/crucible-go/crucible/pkg/events"
)

// maxData bounds the data that Decode reads from the object store.
const maxData = 256 << 20

// PublishEvents encodes events and publishes them like Publish. Data that makes
// an event larger than events.MaxBody is stored as an object first and leaves a
// reference, DataRef, which Decode follows. The events are not changed. The span
// that ctx is in travels in the header.
func (b *Bus) PublishEvents(ctx context.Context, evs ...*events.Event) ([]Stored, error) {
	facts := make([]Fact, len(evs))
	for i, ev := range evs {
		f, err := b.encode(ctx, ev)
		if err != nil {
			return nil, fmt.Errorf("publish %s: %w", ev.Subject, err)
		}
		facts[i] = f
	}
	return b.Publish(ctx, facts...)
}

func (b *Bus) encode(ctx context.Context, ev *events.Event) (Fact, error) {
	payload, err := events.Encode(ev)
	if err != nil {
		return Fact{}, err
	}
	if len(payload) > events.MaxBody && ev.Data != nil {
		if payload, err = b.setAside(ctx, ev); err != nil {
			return Fact{}, err
		}
	}
	return Fact{Subject: ev.Subject, Payload: payload, Trace: traceparent(ctx)}, nil
}

// setAside stores the data of an event and returns the payload that refers to it.
func (b *Bus) setAside(ctx context.Context, ev *events.Event) ([]byte, error) {
	data, ok := ev.Data.(easyjson.Marshaler)
	if !ok {
		return nil, fmt.Errorf("data of %s: no codec", ev.Type)
	}
	// The form is that of events.Encode.
	w := jwriter.Writer{NoEscapeHTML: true, Flags: jwriter.NilSliceAsEmpty}
	data.MarshalEasyJSON(&w)
	r, err := w.ReadCloser()
	if err != nil {
		return nil, fmt.Errorf("data of %s: %w", ev.Type, err)
	}
	ref, _, err := b.PutObject(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("data of %s: %w", ev.Type, err)
	}
	light := *ev
	light.Data, light.DataRef = nil, ref
	return events.Encode(&light)
}

// Decode reads the event of a message, with its data wherever that lies. The
// event's strings alias the payload. What cannot be read is Malformed; an error
// of the object store is not.
func (b *Bus) Decode(ctx context.Context, m *Message) (events.Event, error) {
	ev, err := events.Decode(m.Parsed.Kind, m.Payload)
	if err != nil {
		return events.Event{}, Malformed(err)
	}
	if ev.DataRef == "" {
		return ev, nil
	}
	r, err := b.GetObject(ctx, ev.DataRef)
	if err != nil {
		return events.Event{}, fmt.Errorf("data of %s: %w", m.Subject, err)
	}
	defer func() { _ = r.Close() }()
	data, err := io.ReadAll(io.LimitReader(r, maxData+1))
	if err != nil {
		return events.Event{}, fmt.Errorf("data of %s: %w", m.Subject, err)
	}
	if len(data) > maxData {
		return events.Event{}, Malformed(fmt.Errorf("data of %s: more than %d bytes", m.Subject, maxData))
	}
	into, ok := ev.Data.(easyjson.Unmarshaler)
	if !ok {
		return events.Event{}, Malformed(fmt.Errorf("data of %s: no codec", ev.Type))
	}
	if err := easyjson.Unmarshal(data, into); err != nil {
		return events.Event{}, Malformed(fmt.Errorf("data of %s: %w", m.Subject, err))
	}
	return ev, nil
}
