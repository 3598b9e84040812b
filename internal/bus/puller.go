package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
)

const (
	// pullExpires is how long the server keeps a request that it cannot fill.
	pullExpires = 60 * time.Second
	// pullHeartbeat is how often the server says that it still has the request.
	pullHeartbeat = 3 * time.Second
	// pullSilence without message or heartbeat means that the request is lost.
	pullSilence = 3 * pullHeartbeat
	// stallAfter without a delivery, with requests open, the consumer is asked
	// whether it has something to deliver.
	stallAfter = 15 * time.Second
	// maxPull bounds one request.
	maxPull = 10_000
)

// puller fetches the messages of one durable consumer. It asks for as many as
// its owner has room for and never for more, and it replaces its subscription
// whenever that may have gone deaf.
//
// deliver is called by one goroutine at a time. It must not block.
type puller struct {
	bus     *Bus
	stream  string
	durable string
	config  jetstream.ConsumerConfig
	room    int // messages that the owner holds at most
	deliver func(*Message, string)
	log     zerolog.Logger

	wake    chan struct{} // 1: something for loop to do
	created bool          // the consumer was just created

	mu     sync.Mutex
	sub    *nats.Subscription
	inbox  string
	number uint64 // of the last request
	open   int    // messages asked for and not delivered
	held   int    // messages delivered and not given back
	heard  time.Time
	last   time.Time // of the last delivery, or of the first request after none was open
	deaf   bool      // the subscription must be replaced
}

// run pulls until ctx ends or the stream is gone. When it returns nothing more
// is delivered.
func (p *puller) run(ctx context.Context) error {
	defer p.unsubscribe()
	for try := 0; ; try++ {
		err := p.attach(ctx)
		if err == nil {
			try = 0
			err = p.loop(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errDeaf):
			p.log.Debug().Msg("subscription replaced")
		case p.bus.Err() != nil:
			return p.bus.Err()
		case err != nil && !transient(err):
			return err
		}
		p.unsubscribe()
		if p.bus.pause(ctx, backoff(try)) != nil || p.bus.waitUp(ctx) != nil {
			if ctx.Err() != nil {
				return nil
			}
			return p.bus.Err()
		}
	}
}

var errDeaf = errors.New("subscription may be deaf")

// attach creates the consumer if it is gone, and subscribes.
func (p *puller) attach(ctx context.Context) error {
	if !p.created {
		if err := p.bus.ensureConsumer(ctx, p.stream, p.config); err != nil {
			return err
		}
	}
	p.created = false // not when the subscription is replaced
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inbox = p.bus.nc.NewInbox()
	inbox := p.inbox
	sub, err := p.bus.nc.Subscribe(inbox+".*", func(m *nats.Msg) { p.receive(m, inbox) })
	if err != nil {
		return err
	}
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		return errors.Join(err, sub.Unsubscribe())
	}
	p.sub, p.open, p.deaf = sub, 0, false
	p.heard, p.last = time.Now(), time.Now()
	return nil
}

// unsubscribe ends the subscription; messages that had arrived on it already
// are given back to the server by receive.
func (p *puller) unsubscribe() {
	p.mu.Lock()
	sub := p.sub
	p.sub, p.inbox = nil, ""
	p.mu.Unlock()
	if sub == nil {
		return
	}
	gone := make(chan struct{})
	sub.SetClosedHandler(func(string) { close(gone) })
	if sub.Drain() != nil {
		return // the connection is closed, and the subscription with it
	}
	select {
	case <-gone:
	case <-p.bus.closed:
	case <-time.After(time.Second):
	}
}

// loop asks for messages as room appears and watches over the subscription.
func (p *puller) loop(ctx context.Context) error {
	_, epoch, _ := p.bus.conn.get()
	tick := time.NewTicker(pullHeartbeat)
	defer tick.Stop()
	for {
		up, now, changed := p.bus.conn.get()
		if !up || now != epoch {
			return errDeaf // the server forgets requests with the connection
		}
		if err := p.request(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-p.bus.closed:
			return p.bus.Err()
		case <-changed:
			return errDeaf
		case <-p.wake:
		case <-tick.C:
			if err := p.watch(ctx); err != nil {
				return err
			}
		}
	}
}

// request asks for what there is room for, when that is worth a request.
func (p *puller) request() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.deaf {
		return errDeaf
	}
	for {
		free := p.room - p.open - p.held
		if free <= 0 || (p.open > 0 && free < (p.room+3)/4) {
			return nil
		}
		if err := p.ask(min(free, maxPull)); err != nil {
			return err
		}
	}
}

// ask sends one request. The lock is held.
func (p *puller) ask(n int) error {
	if p.open == 0 {
		p.last = time.Now()
		p.heard = p.last
	}
	p.number++
	body := make([]byte, 0, 80)
	body = append(body, `{"batch":`...)
	body = strconv.AppendInt(body, int64(n), 10)
	body = append(body, `,"expires":`...)
	body = strconv.AppendInt(body, int64(pullExpires), 10)
	body = append(body, `,"idle_heartbeat":`...)
	body = strconv.AppendInt(body, int64(pullHeartbeat), 10)
	body = append(body, '}')
	reply := p.inbox + "." + strconv.FormatUint(p.number, 36)
	if err := p.bus.nc.PublishRequest("$JS.API.CONSUMER.MSG.NEXT."+p.stream+"."+p.durable, reply, body); err != nil {
		return errDeaf
	}
	p.open += n
	return nil
}

// watch notices lost requests and consumers that do not deliver what they have.
func (p *puller) watch(ctx context.Context) error {
	p.mu.Lock()
	open, heard, last := p.open, p.heard, p.last
	p.mu.Unlock()
	now := time.Now()
	switch {
	case open == 0:
		return nil
	case now.Sub(heard) > pullSilence:
		return errDeaf
	case now.Sub(last) < stallAfter:
		return nil
	}
	info, err := p.bus.consumerInfo(ctx, p.stream, p.durable)
	if err != nil {
		return errDeaf // attach creates it again
	}
	blocked := p.config.MaxAckPending > 0 && info.NumAckPending >= p.config.MaxAckPending
	p.mu.Lock()
	defer p.mu.Unlock()
	if info.NumPending > 0 && !blocked && p.last.Equal(last) {
		p.log.Warn().Uint64("pending", info.NumPending).Dur("silent", now.Sub(last)).Msg("consumer has work and delivers none")
		return errDeaf
	}
	p.last = now // ask again after a while
	return nil
}

// receive takes what the server sends on the inbox.
func (p *puller) receive(m *nats.Msg, inbox string) {
	if m.Reply == "" || len(m.Data) == 0 && m.Header.Get("Status") != "" {
		p.status(m, inbox)
		return
	}
	d, err := readDelivery(m.Reply)
	if err != nil {
		p.log.Error().Err(err).Msg("unreadable delivery")
		return
	}
	p.mu.Lock()
	current := p.inbox == inbox
	if current {
		p.open--
		p.held++
		p.heard = time.Now()
		p.last = p.heard
	}
	ask := p.open == 0
	p.mu.Unlock()
	if !current { // unsubscribed meanwhile
		p.bus.answer(m.Reply, nak)
		return
	}
	p.deliver(deliveredMessage(m, d, p.stream), m.Reply)
	if ask {
		p.poke()
	}
}

// status reads a message about a request: its end, or a sign of life.
func (p *puller) status(m *nats.Msg, inbox string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inbox != inbox {
		return
	}
	p.heard = time.Now()
	switch m.Header.Get("Status") {
	case "100":
		return
	case "404", "408", "409":
		if n, err := strconv.Atoi(m.Header.Get("Nats-Pending-Messages")); err == nil {
			p.open = max(p.open-n, 0)
			break
		}
		p.deaf = true
	default: // among them 503: no stream, no consumer, or no JetStream yet
		p.deaf = true
	}
	p.poke()
}

// release makes room again for n messages.
func (p *puller) release(n int) {
	p.mu.Lock()
	p.held -= n
	free := p.room - p.open - p.held
	ask := p.open == 0 || free >= (p.room+3)/4
	p.mu.Unlock()
	if ask {
		p.poke()
	}
}

func (p *puller) poke() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// ensureConsumer creates a durable consumer or brings it to this configuration.
func (b *Bus) ensureConsumer(ctx context.Context, stream string, c jetstream.ConsumerConfig) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	if _, err := b.js.CreateOrUpdateConsumer(ctx, stream, c); err != nil {
		return fmt.Errorf("consumer %s of %s: %w", c.Durable, stream, streamError(err))
	}
	return nil
}

func (b *Bus) consumerInfo(ctx context.Context, stream, durable string) (*jetstream.ConsumerInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	c, err := b.js.Consumer(ctx, stream, durable)
	if err != nil {
		return nil, fmt.Errorf("consumer %s of %s: %w", durable, stream, streamError(err))
	}
	return c.CachedInfo(), nil
}

// CaughtUp reports whether the consumer has nothing pending and nothing that
// awaits acknowledgement: all that is in its stream has been settled.
//
// A consumer that is being created or reset may say for a moment that nothing is
// pending; one without a filter must also have been given the last message.
func (b *Bus) CaughtUp(ctx context.Context, stream, durable string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s, err := b.StreamInfo(ctx, stream)
	if err != nil {
		return false, err
	}
	var i *jetstream.ConsumerInfo
	err = b.retry(ctx, func() (err error) {
		i, err = b.consumerInfo(ctx, stream, durable)
		return err
	})
	if err != nil {
		return false, err
	}
	filtered := i.Config.FilterSubject != "" || len(i.Config.FilterSubjects) > 0
	return i.NumPending == 0 && i.NumAckPending == 0 && (filtered || i.Delivered.Stream >= s.Last), nil
}

// The ways to answer a delivery.
var (
	ackBody    = []byte("+ACK")
	nak        = []byte("-NAK")
	inProgress = []byte("+WPI")
	term       = []byte("+TERM")
)

// answer settles a delivery. Losing it is harmless: the message comes again.
func (b *Bus) answer(reply string, body []byte) {
	if err := b.nc.Publish(reply, body); err != nil && b.Err() == nil {
		b.log.Debug().Err(err).Msg("delivery not settled")
	}
}
