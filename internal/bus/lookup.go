package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/crucible-go/crucible/pkg/events"
)

const (
	// lookupChunk is how many subjects are asked for at once; the server refuses
	// requests with more than 1,024 results.
	lookupChunk = 1000
	// leaderReads is how many single reads from a replicated stream's leader are
	// under way at a time.
	leaderReads = 64
)

// Lookup finds the fact on each subject, nil where there is none. It sees every
// fact whose Publish has returned, to anybody: it reads from the stream's only
// copy, or from the leader of a replicated one.
func (b *Bus) Lookup(ctx context.Context, stream string, subjects []string) ([]*Message, error) {
	if len(subjects) == 0 {
		return nil, nil
	}
	for _, s := range subjects {
		if strings.ContainsAny(s, "*>") {
			return nil, fmt.Errorf("look up: subject %q has a wildcard", s)
		}
	}
	c := b.committer(stream)
	replicas := int(c.replicas.Load())
	for try := 0; ; try++ {
		var err error
		if replicas == 0 {
			replicas, err = c.size(ctx)
		}
		if err == nil {
			var out []*Message
			if out, err = b.lookup(ctx, stream, replicas, subjects); err == nil {
				return out, nil
			}
		}
		if !transient(err) && !errors.Is(err, errLost) || ctx.Err() != nil {
			return nil, fmt.Errorf("look up in %s: %w", stream, err)
		}
		replicas = 0 // ask for the stream again: it may be gone
		if err := b.pause(ctx, backoff(try)); err != nil {
			return nil, fmt.Errorf("look up in %s: %w", stream, err)
		}
		if err := b.waitUp(ctx); err != nil {
			return nil, fmt.Errorf("look up in %s: %w", stream, err)
		}
	}
}

// lookup asks once.
func (b *Bus) lookup(ctx context.Context, stream string, replicas int, subjects []string) ([]*Message, error) {
	if replicas > 1 {
		return b.leaderLookup(ctx, stream, subjects)
	}
	out := make([]*Message, len(subjects))
	at := make(map[string]int, min(len(subjects), lookupChunk))
	for i := 0; i < len(subjects); {
		clear(at)
		end := min(i+lookupChunk, len(subjects))
		for j := i; j < end; j++ {
			at[subjects[j]] = j
		}
		if err := b.directLookup(ctx, stream, at, out); err != nil {
			return nil, err
		}
		for j := i; j < end; j++ { // a subject that was asked for twice
			out[j] = out[at[subjects[j]]]
		}
		i = end
	}
	return out, nil
}

// directLookup reads the subjects of at into out, with one request or, when the
// answer is too large for one, several.
func (b *Bus) directLookup(ctx context.Context, stream string, at map[string]int, out []*Message) error {
	if len(at) == 1 {
		for s, i := range at {
			m, err := b.directGet(ctx, stream, s)
			out[i] = m
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	_, _, changed := b.conn.get()
	answers := make(chan *nats.Msg, len(at)+8) // never full: one answer per subject and the end
	inbox := b.nc.NewInbox()
	sub, err := b.nc.ChanSubscribe(inbox, answers)
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	r := multiReader{ctx: ctx, stream: stream, answers: answers, changed: changed, at: at, out: out}
	for more := true; more; {
		body, err := json.Marshal(map[string][]string{"multi_last": r.missing()})
		if err != nil {
			return err
		}
		if err := b.nc.PublishRequest("$JS.API.DIRECT.GET."+stream, inbox, body); err != nil {
			return err
		}
		if more, err = r.read(); err != nil {
			return err
		}
	}
	return nil
}

// multiReader reads the answers to requests for several subjects.
type multiReader struct {
	ctx     context.Context
	stream  string
	answers <-chan *nats.Msg
	changed <-chan struct{}
	at      map[string]int
	out     []*Message
}

func (r *multiReader) missing() []string {
	subjects := make([]string, 0, len(r.at))
	for s, i := range r.at {
		if r.out[i] == nil {
			subjects = append(subjects, s)
		}
	}
	return subjects
}

// read reads the answer to one request and reports whether there is more to ask
// for. An answer is complete only with the end marker: silence is an error,
// never "there is nothing".
func (r *multiReader) read() (more bool, err error) {
	got := false
	for {
		var m *nats.Msg
		select {
		case m = <-r.answers:
		case <-r.changed:
			return false, errLost
		case <-r.ctx.Done():
			return false, fmt.Errorf("%w: %w", errLost, r.ctx.Err())
		}
		if end, err := endOfGet(m, r.stream, "No Results"); end || err != nil {
			return got && m.Header.Get("Nats-Num-Pending") != "0", err
		}
		msg, err := directMessage(m, r.stream)
		if err != nil {
			return false, err
		}
		if i, ok := r.at[msg.Subject]; ok {
			r.out[i], got = msg, true
		}
	}
}

// endOfGet reads the status that ends an answer, if m is one. nothing
// is what the server says when there is no message; otherwise it cannot read
// one that it has.
func endOfGet(m *nats.Msg, stream, nothing string) (bool, error) {
	status := m.Header.Get("Status")
	if status == "" {
		return false, nil
	}
	switch text := m.Header.Get("Description"); {
	case status == "204":
		return true, nil
	case status == "404" && text == nothing:
		m.Header.Set("Nats-Num-Pending", "0")
		return true, nil
	case status == "503":
		return true, nats.ErrNoResponders
	default:
		return true, fmt.Errorf("%s: %s %s", stream, status, text)
	}
}

// directGet reads one subject.
func (b *Bus) directGet(ctx context.Context, stream, subject string) (*Message, error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	m, err := b.nc.RequestWithContext(ctx, "$JS.API.DIRECT.GET."+stream+"."+subject, nil)
	if err != nil {
		return nil, err
	}
	if end, err := endOfGet(m, stream, "Message Not Found"); end || err != nil {
		return nil, err
	}
	return directMessage(m, stream)
}

// directMessage is a message as a direct get shows it: everything about it is in
// the header.
func directMessage(m *nats.Msg, stream string) (*Message, error) {
	seq, err := strconv.ParseUint(m.Header.Get(jetstream.SequenceHeader), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("direct get: sequence: %w", err)
	}
	at, err := time.Parse(time.RFC3339Nano, m.Header.Get(jetstream.TimeStampHeaer))
	if err != nil {
		return nil, fmt.Errorf("direct get: time: %w", err)
	}
	msg := newMessage(m.Header.Get(jetstream.SubjectHeader), seq, at, m.Data, m.Header)
	msg.Stream = stream
	return msg, nil
}

// newMessage parses the subject; one of an unknown kind stays unparsed.
func newMessage(subject string, seq uint64, at time.Time, payload []byte, h nats.Header) *Message {
	m := &Message{Subject: subject, Seq: seq, Time: at, Payload: payload}
	if p, err := events.ParseSubject(subject); err == nil {
		m.Parsed = p
	}
	if v := h[headerTrace]; len(v) > 0 {
		m.Trace = v[0]
	}
	return m
}

// leaderLookup asks the stream's leader for each subject.
func (b *Bus) leaderLookup(ctx context.Context, stream string, subjects []string) ([]*Message, error) {
	out := make([]*Message, len(subjects))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(leaderReads)
	for i, s := range subjects {
		g.Go(func() error {
			m, err := b.leaderGet(ctx, stream, s)
			out[i] = m
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}

func (b *Bus) leaderGet(ctx context.Context, stream, subject string) (*Message, error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	body, err := json.Marshal(map[string]string{"last_by_subj": subject})
	if err != nil {
		return nil, err
	}
	r, err := b.nc.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+stream, body)
	if err != nil {
		return nil, err
	}
	var resp struct {
		Error   *jetstream.APIError `json:"error"`
		Message *struct {
			Subject string    `json:"subject"`
			Seq     uint64    `json:"seq"`
			Header  []byte    `json:"hdrs"`
			Data    []byte    `json:"data"`
			Time    time.Time `json:"time"`
		} `json:"message"`
	}
	if err := json.Unmarshal(r.Data, &resp); err != nil {
		return nil, err
	}
	switch {
	case resp.Error != nil && resp.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return nil, nil
	case resp.Error != nil && resp.Error.ErrorCode == jetstream.JSErrCodeStreamNotFound:
		return nil, ErrNoStream
	case resp.Error != nil:
		return nil, resp.Error
	case resp.Message == nil:
		return nil, errLost
	}
	var h nats.Header
	if len(resp.Message.Header) > 0 {
		if h, err = nats.DecodeHeadersMsg(resp.Message.Header); err != nil {
			return nil, err
		}
	}
	m := newMessage(resp.Message.Subject, resp.Message.Seq, resp.Message.Time, resp.Message.Data, h)
	m.Stream = stream
	return m, nil
}
