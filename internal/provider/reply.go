package provider

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/crucible-go/crucible/pkg/events"
)

// dialect reads the replies of a protocol.
type dialect interface {
	// whole reads a reply in one piece.
	whole(raw []byte, s *heard) error
	// event adds one event of a stream. It sets s.complete at the end of the text
	// and s.done at the last event, where the protocol has one.
	event(kind string, data []byte, s *heard) error
}

// heard is what a reply says, whatever the protocol.
type heard struct {
	text        strings.Builder
	class       string // "" for an answer, else why the text is none
	why         string // more about the class, for people
	finish      string // the provider's word for why the text ends
	served      string
	fingerprint string
	id          string // of the request, where the body has it
	usage       *events.Usage
	failure     *problem // what failed, in a reply of success
	complete    bool     // the end of a streamed text was seen: the stream may end
	done        bool     // the stream's last event was seen: it has ended
	repaired    bool
}

// end notes why the text ends; classes maps the provider's words to classes.
func (s *heard) end(word string, classes map[string]string) {
	if word == "" {
		return
	}
	s.finish = word
	if class := classes[strings.ToLower(word)]; class != "" {
		s.class = class
	}
}

// receive turns what came back from a trip into a reply or a failure.
func (c *client) receive(ctx context.Context, r *Request, trip *roundTrip, d dialect) (*Reply, error) {
	defer func() {
		if trip.res != nil {
			_ = trip.res.Body.Close() // all that is wanted was read
		}
	}()
	switch {
	case trip.err != nil:
		return nil, c.sendError(ctx, trip.err, trip)
	case !c.success(trip.res.StatusCode):
		return nil, c.statusError(ctx, r, trip)
	}
	var s heard
	failure := c.listen(ctx, trip, d, &s)
	if failure == nil {
		failure = c.judge(r, trip, &s)
	}
	base := c.facts(trip, &s)
	if failure != nil {
		failure.Status, failure.RequestID, failure.Simulated = base.Status, base.RequestID, base.Simulated
		failure.Served, failure.Finish, failure.Fingerprint = base.Served, base.Finish, base.Fingerprint
		failure.Rate, failure.Text = base.Rate, base.Text
		failure.RetryAfter = max(failure.RetryAfter, base.Rate.RetryAfter)
		return nil, trip.measure(failure)
	}
	return base, nil
}

// facts are what is kept of every reply, an answer or not.
func (c *client) facts(trip *roundTrip, s *heard) *Reply {
	text, repaired := repair(s.text.String())
	short := func(text string) string {
		text, _ = repair(text)
		return clip(c.scrub.plain(text), 200)
	}
	r := &Reply{
		Text: c.scrub.plain(text), HasLatency: true, Repaired: repaired || s.repaired, Usage: s.usage,
		Served: short(s.served), Finish: short(s.finish), Fingerprint: short(s.fingerprint),
		RequestID: c.requestID(trip.res.Header), Status: trip.res.StatusCode,
		FirstByteNS: trip.firstByte.Load(), FirstTokenNS: trip.firstToken, ConnectNS: trip.connect.Load(),
		Rate: rateInfo(trip.res.Header, c.now()), Simulated: trip.res.Header.Get(HeaderSimulated) != "",
	}
	if r.RequestID == "" {
		r.RequestID = clip(c.scrub.message(s.id), 200)
	}
	return r
}

// listen reads a response, in one piece or as a stream.
func (c *client) listen(ctx context.Context, trip *roundTrip, d dialect, s *heard) *Error {
	kind, _, _ := mime.ParseMediaType(trip.res.Header.Get("Content-Type"))
	if kind == "text/event-stream" {
		return c.follow(ctx, trip, d, s)
	}
	raw, err := io.ReadAll(trip.res.Body)
	if err != nil {
		return c.brokenOff(ctx, err, trip, s)
	}
	if s.repaired = !utf8.Valid(raw); s.repaired {
		raw = bytes.ToValidUTF8(raw, []byte("\uFFFD"))
	}
	if err := d.whole(raw, s); err != nil {
		if saysTooMany(string(raw)) {
			return c.tooMany(string(raw))
		}
		return c.malformed(err)
	}
	return nil
}

// follow reads a stream to its end.
func (c *client) follow(ctx context.Context, trip *roundTrip, d dialect, s *heard) *Error {
	stream := newEventReader(trip.res.Body)
	for {
		switch err := stream.next(); {
		case errors.Is(err, io.EOF) && s.complete:
			return nil
		case err != nil:
			return c.brokenOff(ctx, err, trip, s)
		}
		data := stream.data
		if !utf8.Valid(data) {
			s.repaired = true
			data = bytes.ToValidUTF8(data, []byte("\uFFFD"))
		}
		if err := d.event(stream.kind, data, s); err != nil {
			s.usage = nil
			return c.malformed(err)
		}
		if trip.firstToken == 0 && s.text.Len() > 0 {
			trip.firstToken = trip.since()
		}
		if s.failure != nil {
			return nil // judge says what it is
		}
		if s.done {
			drain(trip.res.Body)
			return nil
		}
	}
}

// drain reads the end of a body behind its last event, so that the connection
// can be kept, but does not wait for a server that holds it open.
func drain(body io.ReadCloser) {
	stop := time.AfterFunc(50*time.Millisecond, func() { _ = body.Close() })
	defer stop.Stop()
	_, _ = io.CopyN(io.Discard, body, 4<<10) // more is not expected
}

// brokenOff is the failure of a reply whose end did not arrive. What was used is
// unknown: the count comes at the end.
func (c *client) brokenOff(ctx context.Context, err error, trip *roundTrip, s *heard) *Error {
	s.usage = nil
	switch {
	case errors.Is(err, errTooLarge):
		return &Error{Class: ClassTooLarge, Message: errTooLarge.Error(), Billed: BilledPossibly}
	case ctx.Err() != nil:
		return ended(ctx, trip.billed())
	case errors.Is(err, io.EOF):
		err = errors.New("the stream ended before its last event")
	}
	return &Error{Class: ClassPartialReply, Message: c.scrub.message("the reply broke off: " + cause(err).Error()), Retryable: true, Billed: BilledPossibly}
}

func (c *client) malformed(err error) *Error {
	return &Error{Class: ClassMalformedReply, Message: c.scrub.message(err.Error()), Retryable: true, Billed: BilledPossibly}
}

func (c *client) tooMany(text string) *Error {
	return &Error{Class: ClassRateLimited, Message: c.scrub.message("instead of a reply: " + clip(strings.TrimSpace(text), 200)), Retryable: true, Billed: BilledNo}
}

// judge says whether what was heard is an answer, and the failure if it is none.
func (c *client) judge(r *Request, trip *roundTrip, s *heard) *Error {
	f := judge(r, s)
	if f == nil {
		return nil
	}
	if s.failure != nil {
		f = c.failureInside(r, trip, s)
	}
	f.Message = c.scrub.message(f.Message)
	return f
}

// judge is the part that needs no client.
func judge(r *Request, s *heard) *Error {
	text := s.text.String()
	f := &Error{Billed: BilledPossibly, Usage: s.usage}
	if s.usage != nil {
		f.Billed = BilledYes
	}
	switch {
	case s.failure != nil:
	case s.class != "":
		if acceptable(s.class) && slices.Contains(r.Order.Accept, s.class) && strings.TrimSpace(text) != "" {
			return nil
		}
		f.Class, f.Message = s.class, s.why
		if f.Message == "" {
			f.Message = notAnAnswer(s.class)
		}
	case strings.TrimSpace(text) == "":
		f.Class, f.Retryable, f.Message = ClassEmptyReply, true, "the reply has no text"
		if s.finish != "" {
			f.Message += " (it ended with " + s.finish + ")"
		}
	case isTooMany(r, text):
		f.Class, f.Retryable, f.Message = ClassRateLimited, true, "the text of the reply says that there were too many requests"
	default:
		return nil
	}
	return f
}

func notAnAnswer(class string) string {
	switch class {
	case ClassRefusal:
		return "the model refuses to answer"
	case ClassTruncated:
		return "the text was cut off at the limit of tokens; raise it, or take such texts for answers with accept: [truncated]"
	case ClassContentFilter:
		return "the provider's filter stopped the text"
	}
	return ""
}

// failureInside is the failure that a reply of success reports: gateways do so,
// and streams that fail after they began.
func (c *client) failureInside(r *Request, trip *roundTrip, s *heard) *Error {
	p := *s.failure
	f := &Error{Class: ClassServerError, Retryable: true, Billed: BilledPossibly, Message: p.text()}
	if class, retryable := classify(p.status(), p); class != "" {
		f.Class, f.Retryable = class, retryable
	}
	if s.text.Len() > 0 && (f.Class == ClassServerError || f.Class == ClassMalformedReply) {
		f.Class = ClassPartialReply
	}
	f.RetryAfter = p.retryAfter
	f.Message += c.hint(f.Class, r, trip)
	return f
}

// requestID is the provider's id of a request, by the header that carries it.
func (c *client) requestID(h http.Header) string {
	for _, name := range c.headers {
		if v := h.Get(name); v != "" {
			return clip(c.scrub.message(v), 200)
		}
	}
	return ""
}

// tooManyText is the whole text of a reply by which a gateway says that it was
// asked too often. "429" alone is a number that may have been asked for.
var tooManyText = regexp.MustCompile(`(?is)^[\s({\["]*(?:error:?\s*)?(?:http\s*)?(?:status\s*)?(?:code:?\s*)?[({\["]*\s*(?:` +
	`(?:429\b[\s:,.)\]–-]*)?(?:too many requests|rate[ _-]?limit(?:ed|ing| exceeded| reached| error|_error|_exceeded)|quota exceeded|resource[ _]exhausted)` +
	`|api rate limit (?:exceeded|reached)` +
	`|you(?:'ve| have)? (?:exceeded|reached|hit) (?:your|the) (?:current |api )?(?:rate limit|quota)` +
	`)(?:$|[\s.,:;!)\]}"'-].*$)`)

// saysTooMany reports whether a text is short and begins by saying that there
// were too many requests.
func saysTooMany(text string) bool { return len(text) <= 400 && tooManyText.MatchString(text) }

// isTooMany reports whether the text of a reply is no answer but the message of
// a rate limit. A prompt that is about such messages may be answered with one.
func isTooMany(r *Request, text string) bool {
	if !saysTooMany(text) {
		return false
	}
	for _, m := range r.Order.Messages {
		about := strings.ToLower(m.Content)
		for _, word := range []string{"429", "rate limit", "too many requests", "quota", "resource exhausted"} {
			if strings.Contains(about, word) {
				return false
			}
		}
	}
	return true
}
