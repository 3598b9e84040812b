package simulate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
)

// send waits and answers, or goes wrong in the way that was drawn.
func (x *exchange) send(c *completion) {
	latency := time.Duration(c.outcome.LatencyNS)
	if c.mode != "" {
		x.countMode(c.mode)
	}
	var err error
	switch c.mode {
	case provider.ModeError, provider.ModeServerError, provider.ModeOverloaded:
		if err = x.wait(latency); err == nil {
			x.broken()
			x.fail(x.failure(c.mode))
		}
	case provider.ModeRateLimited:
		x.turnAway(levels{wait: x.model.RetryAfter}, x.w.Header())
	case provider.ModeHang:
		<-x.r.Context().Done()
		err = errGone
	case provider.ModeConnection:
		if err = x.wait(latency); err == nil {
			x.broken()
			x.reset()
		}
	default:
		err = x.answer(c, latency)
	}
	if err != nil {
		x.gone(c, latency)
		panic(http.ErrAbortHandler) // close the connection: half an answer is none
	}
}

// failure is the problem of a mode.
func (x *exchange) failure(mode string) problem {
	if mode == provider.ModeOverloaded {
		return problem{http.StatusServiceUnavailable, "overloaded", "simulated overload of " + x.model.ID, 0}
	}
	return problem{http.StatusInternalServerError, "simulated_error", "simulated failure of " + x.model.ID, 0}
}

// broken counts a request that ends with a simulated failure.
func (x *exchange) broken() {
	x.counts.errors.Add(1)
	x.model.counts.errors.Add(1)
}

// answered counts one that is answered.
func (x *exchange) answered(c *completion) {
	x.counts.answered.Add(1)
	x.counts.tokens.add(c, 1)
	x.model.counts.answered.Add(1)
	x.model.counts.tokens.add(c, 1)
}

// gone counts one whose client went away, with the share of the answer that was
// there by then.
func (x *exchange) gone(c *completion, latency time.Duration) {
	share := 1.0
	if elapsed := time.Since(x.began); elapsed < latency {
		share = float64(elapsed) / float64(latency)
	}
	x.counts.cancelled.Add(1)
	x.counts.lost.add(c, share)
	x.model.counts.cancelled.Add(1)
	x.model.counts.lost.add(c, share)
}

// reset breaks the connection without a word.
func (x *exchange) reset() {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // of HTTP/2: there is only this
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset instead of an end
	}
	_ = conn.Close()
}

// answer sends an answer, whole or as a stream, or what the mode leaves of it. An
// error means that the client has gone.
func (x *exchange) answer(c *completion, latency time.Duration) error {
	status, body := x.whole(c)
	if x.q.stream && status == http.StatusOK {
		return x.stream(c, latency)
	}
	if err := x.wait(latency); err != nil {
		return err
	}
	switch c.mode {
	case provider.ModeHalfStream, provider.ModeMalformed:
		x.broken()
		return x.mutilated(c.mode, body)
	}
	x.answered(c)
	writeJSON(x.w, status, body)
	return nil
}

// mutilated sends half of an answer: as if it were all of it, or breaking off.
func (x *exchange) mutilated(mode string, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	announced := len(b)
	if mode == provider.ModeMalformed {
		announced = len(b) / 2
	}
	x.w.Header()["Content-Type"] = jsonType
	x.w.Header().Set("Content-Length", strconv.Itoa(announced))
	if _, err := x.w.Write(b[:len(b)/2]); err != nil {
		return err
	}
	if mode == provider.ModeHalfStream {
		x.flushAndBreak()
	}
	return nil
}

// flushAndBreak sends what was written and closes the connection.
func (x *exchange) flushAndBreak() {
	_ = http.NewResponseController(x.w).Flush() // broken either way
	panic(http.ErrAbortHandler)
}

// maxPieces bounds the pieces of a streamed answer.
const maxPieces = 16

// stream sends the completion as server-sent events: the first piece with the
// first token, the others evenly after it, so that the last one arrives when the
// whole answer would have.
func (x *exchange) stream(c *completion, latency time.Duration) error {
	pieces := split(c.text)
	first := time.Duration(c.outcome.FirstTokenNS)
	if len(pieces) <= 1 {
		first = latency
	}
	if err := x.wait(first); err != nil {
		return err
	}
	s := &streamer{x: x, array: x.q.array, flush: http.NewResponseController(x.w).Flush}
	s.head()
	if err := s.send(x.begin(c)...); err != nil {
		return err
	}
	for i, p := range pieces {
		if i > 0 {
			if err := x.wait(first + (latency-first)*time.Duration(i)/time.Duration(len(pieces)-1)); err != nil {
				return err
			}
		}
		if i > 0 && i >= len(pieces)/2 || len(pieces) == 1 {
			x.breakStream(c, s)
		}
		if err := s.send(x.piece(c, i, p)); err != nil {
			return err
		}
	}
	if len(pieces) == 0 {
		x.breakStream(c, s)
	}
	if err := s.send(x.end(c, x.q)...); err != nil {
		return err
	}
	x.answered(c)
	return s.foot()
}

// breakStream ends a stream in the middle where its mode says so.
func (x *exchange) breakStream(c *completion, s *streamer) {
	switch c.mode {
	case provider.ModeMalformed:
		_ = s.send(event{"", `{"id": "cut off`}) // broken either way
	case provider.ModeHalfStream:
	default:
		return
	}
	x.broken()
	x.flushAndBreak()
}

// streamer writes events.
type streamer struct {
	x     *exchange
	array bool // a JSON array instead of events
	some  bool
	flush func() error
}

func (s *streamer) head() {
	kind := "text/event-stream"
	if s.array {
		kind = "application/json"
	}
	s.x.w.Header().Set("Content-Type", kind)
	s.x.w.Header().Set("Cache-Control", "no-store")
}

func (s *streamer) send(list ...event) error {
	if len(list) == 0 {
		return nil
	}
	var out bytes.Buffer
	for _, e := range list {
		data, err := s.encode(e)
		if err != nil {
			return err
		}
		if s.array {
			out.WriteString(map[bool]string{false: "[", true: ",\r\n"}[s.some])
			out.Write(data)
			s.some = true
			continue
		}
		if e.name != "" {
			out.WriteString("event: " + e.name + "\n")
		}
		out.WriteString("data: ")
		out.Write(data)
		out.WriteString("\n\n")
	}
	if _, err := s.x.w.Write(out.Bytes()); err != nil {
		return errors.Join(errGone, err)
	}
	return s.flush()
}

func (s *streamer) encode(e event) ([]byte, error) {
	if raw, ok := e.data.(string); ok {
		return []byte(raw), nil
	}
	b, err := json.Marshal(e.data)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return b, nil
}

func (s *streamer) foot() error {
	if !s.array {
		return nil
	}
	if _, err := s.x.w.Write([]byte("]\n")); err != nil {
		return errors.Join(errGone, err)
	}
	return nil
}

// split cuts a text into at most maxPieces pieces of at least four characters;
// nothing has none.
func split(text string) []string {
	if text == "" {
		return nil
	}
	runes := []rune(text)
	size := max((len(runes)+maxPieces-1)/maxPieces, 4)
	pieces := make([]string, 0, maxPieces)
	for len(runes) > size {
		pieces = append(pieces, string(runes[:size]))
		runes = runes[size:]
	}
	return append(pieces, string(runes))
}
