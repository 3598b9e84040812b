package results

import (
	"time"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/pkg/events"
)

// RowOf is the row of a message: what the envelope says, and of an event that
// cannot be read what its subject says. The subject is believed in any case: it
// is the identity under which the log stores the fact.
func RowOf(m *bus.Message) store.Row {
	s := m.Parsed
	row := store.Row{
		ID: m.ID(), Run: s.Run, Kind: string(events.KindOf(m.Subject)), Subject: m.Subject, Query: s.Query, Call: s.Call,
		Seq: m.Seq, Time: m.Time.UTC(), Payload: m.Payload,
	}
	if row.Run == "" { // of a kind that is not known here
		row.Run = events.RunOf(m.Subject)
	}
	ev, err := read(m)
	if err == nil {
		row.Source, row.Cause, row.Item = ev.Source, ev.Cause, ev.Item
		row.Condition, row.Member, row.Model = ev.Condition, ev.Member, ev.Model
		if ev.Repeat > 0 {
			row.Repeat = uint32(min(ev.Repeat, 1<<31))
		}
		if row.Query == "" {
			row.Query, row.Call = ev.Query, ev.Call
		}
		if storable(ev.Time) {
			row.Time = ev.Time
		}
	}
	return row
}

func read(m *bus.Message) (events.Event, error) {
	switch m.Parsed.Kind {
	case "":
		return events.DecodeAny(m.Payload)
	case events.KindRunRequested:
		return events.DecodeRequest(m.Parsed, m.Payload, m.Time)
	}
	return events.Decode(m.Parsed.Kind, m.Payload)
}

// storable reports whether ClickHouse's DateTime64(9) can hold the time.
func storable(t time.Time) bool { return t.Year() >= 1970 && t.Year() < 2200 }
