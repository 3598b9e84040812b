package trace

import "strings"

// Stream reads a text that arrives in chunks, cut anywhere, and gives the same
// events and reports as Parse gives for the whole. It keeps the text: positions
// are those in all of it. It is not safe for concurrent use.
type Stream struct {
	p    parser
	text strings.Builder
	sent int
	over bool
}

// NewStream returns a stream. A nil types knows the standard ones.
func NewStream(types *Types) *Stream { return &Stream{p: parser{types: types}} }

// Write adds a chunk and returns the events that nothing to come can change any
// more. An event that is not closed is held back, and those in it.
func (s *Stream) Write(chunk string) []Event {
	if s.over || chunk == "" {
		return nil
	}
	s.text.WriteString(chunk)
	s.p.src = s.text.String() // shares its bytes, which never change
	s.p.run()
	return s.fresh()
}

func (s *Stream) fresh() []Event {
	evs := s.p.out[s.sent:len(s.p.out):len(s.p.out)]
	s.sent = len(s.p.out)
	return evs
}

// Close ends the text. It returns the events not handed out yet, the whole chain
// and all reports. A second call returns nothing.
func (s *Stream) Close() ([]Event, Chain, []Report) {
	if s.over {
		return nil, Chain{}, nil
	}
	s.over, s.p.final = true, true
	s.p.run()
	c, reports := s.p.finish()
	return s.fresh(), c, reports
}
