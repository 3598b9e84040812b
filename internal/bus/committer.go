package bus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// maxCommit is the most messages that the server takes in an atomic batch.
	maxCommit = 1000
	// lookAhead is how many commits' worth of offers is looked up together while
	// the committer is wary, so that what is left still fills a batch.
	lookAhead = 4
	// maxCommitBytes keeps a commit of large payloads from filling the server's
	// memory.
	maxCommitBytes = 16 << 20
	// commitTimeout is how long a commit waits for its answer. A replicated
	// stream that lost its leader takes 5 to 8 seconds.
	commitTimeout = 10 * time.Second
	// maxConflicts bounds the tries for a fact whose publish is refused as not
	// the first on its subject while the leader shows no message there. That lasts
	// as long as another publisher's message is on its way to the replicas.
	maxConflicts = 50
)

// The server's words for why it stored nothing.
const (
	codeNotFirst       jetstream.ErrorCode = 10071 // another message is on the subject
	codeNotAlone       jetstream.ErrorCode = 10164 // or is on its way there
	codeDuplicate      jetstream.ErrorCode = 10201 // an id of the batch is known
	codeInProcess      jetstream.ErrorCode = 10158 // the id is on its way to the replicas
	codeNoPeers        jetstream.ErrorCode = 10005 // peers of the cluster are away
	codeStoreFailed    jetstream.ErrorCode = 10077 // the stream is full, or the disk is
	codeNoResources    jetstream.ErrorCode = 10023 // the server's storage is full
	codeStorageLimit   jetstream.ErrorCode = 10047 // the server's limit of storage
	codeAccountLimit   jetstream.ErrorCode = 10002 // the account's limit of storage
	codeTooMany        jetstream.ErrorCode = 10210 // more than 50 open batches
	codeIncomplete     jetstream.ErrorCode = 10176 // the batch was abandoned
	codeBatchForbidden jetstream.ErrorCode = 10174 // the stream does not allow batches
)

// committer brings the offers for one stream into the log, one commit at a
// time: whatever waits when the one before has ended.
type committer struct {
	bus    *Bus
	stream string
	cost   costs

	replicas atomic.Int32 // of the stream, 0 = not asked yet

	mu      sync.Mutex
	queue   []*offer
	running bool

	// Of the goroutine that runs.
	known bool           // the stream was there
	wary  bool           // the last batch hit facts that were there: look first
	seen  map[string]int // subject -> its offer in this commit
}

func newCommitter(b *Bus, stream string) *committer {
	return &committer{bus: b, stream: stream, cost: newCosts(b.cfg.Durability), seen: map[string]int{}}
}

// add queues offers and sees to it that somebody works on them.
func (c *committer) add(offers []offer) {
	c.mu.Lock()
	for i := range offers {
		c.queue = append(c.queue, &offers[i])
	}
	start := !c.running
	c.running = true
	c.mu.Unlock()
	if start && !c.bus.start(c.run) {
		c.run() // the bus is closed: every offer is told so at once
	}
}

func (c *committer) run() {
	for {
		offers := c.take()
		if offers == nil {
			return
		}
		c.commit(offers)
	}
}

// take removes what the next commit is for; nil ends the goroutine.
func (c *committer) take() []*offer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		c.running = false
		return nil
	}
	limit := maxCommit
	if c.wary {
		limit *= lookAhead
	}
	n, size := 0, 0
	for n < len(c.queue) && n < limit && (n == 0 || size < maxCommitBytes) {
		size += len(c.queue[n].fact.Payload)
		n++
	}
	out := c.queue[:n:n]
	c.queue = c.queue[n:]
	if len(c.queue) == 0 {
		c.queue = nil // out keeps the array
	}
	return out
}

// commit settles every offer.
func (c *committer) commit(offers []*offer) {
	offers, twins := c.distinct(offers)
	for try := 0; len(offers) > 0; try++ {
		if try > 0 && c.bus.pause(context.Background(), backoff(try-1)) != nil {
			try = 0 // the bus is closed: live settles what is left
		}
		if offers = c.live(offers); len(offers) == 0 {
			break
		}
		if err := c.attach(); err != nil {
			if !transient(err) {
				c.settleAll(offers, err)
				break
			}
			continue
		}
		before := len(offers)
		offers = c.attempt(offers)
		if len(offers) < before {
			try = -1 // it advances: no longer pauses
		}
	}
	c.settleTwins(twins)
}

// twin is an offer of a subject that an earlier offer of the same commit has.
type twin struct{ offer, first *offer }

// distinct sets aside offers for a subject that is already in this commit: a
// batch must not have one twice.
func (c *committer) distinct(offers []*offer) (out []*offer, twins []twin) {
	if len(offers) == 1 {
		return offers, nil
	}
	clear(c.seen)
	out = offers[:0]
	for _, o := range offers {
		if i, ok := c.seen[o.fact.Subject]; ok {
			twins = append(twins, twin{o, out[i]})
			continue
		}
		c.seen[o.fact.Subject] = len(out)
		out = append(out, o)
	}
	return out, twins
}

// settleTwins lets the later offers adopt what became of the first ones.
func (c *committer) settleTwins(twins []twin) {
	var again []*offer
	for _, t := range twins {
		switch r := t.first.result; {
		case t.first.err == nil:
			t.offer.settle(Stored{Seq: r.Seq, Payload: r.Payload}, nil)
		case t.first.call.ctx.Err() != nil: // given up by its caller, not refused
			again = append(again, t.offer)
		default:
			t.offer.settle(Stored{}, t.first.err)
		}
	}
	if len(again) > 0 {
		c.commit(again)
	}
}

// live drops the offers whose callers have gone, and all when the bus is closed.
func (c *committer) live(offers []*offer) []*offer {
	out := offers[:0]
	for _, o := range offers {
		if err := o.unsent(c.bus); err != nil {
			o.settle(Stored{}, err)
			continue
		}
		out = append(out, o)
	}
	return out
}

func (c *committer) settleAll(offers []*offer, err error) {
	for _, o := range offers {
		o.settle(Stored{}, err)
	}
}

// attach waits for the connection and makes sure once that there is a stream.
func (c *committer) attach() error {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	if err := c.bus.waitUp(ctx); err != nil {
		return err
	}
	if c.known {
		return nil
	}
	if _, err := c.size(ctx); err != nil {
		return err
	}
	c.known = true
	return nil
}

// size asks for the number of the stream's replicas.
func (c *committer) size(ctx context.Context) (int, error) {
	info, err := c.bus.streamInfo(ctx, c.stream)
	if err != nil {
		return 0, err
	}
	c.replicas.Store(int32(info.Replicas))
	return info.Replicas, nil
}

// attempt sends what is not in the log yet and returns what remains to be done.
func (c *committer) attempt(offers []*offer) []*offer {
	look := c.wary && c.cost.batch(len(offers))
	if slices.ContainsFunc(offers, func(o *offer) bool { return o.unknown || look && !o.absent }) {
		rest, err := c.adopt(offers, false)
		if err != nil {
			return c.stuck(offers, err)
		}
		c.wary = len(rest) < len(offers)
		offers = rest
	}
	switch {
	case len(offers) == 0:
		return nil
	case c.cost.batch(len(offers)):
		return c.batch(offers)
	}
	return c.singles(offers)
}

// stuck keeps the offers for another try, or fails them.
func (c *committer) stuck(offers []*offer, err error) []*offer {
	if errors.Is(err, ErrNoStream) {
		c.known = false
	}
	if transient(err) || errors.Is(err, errLost) {
		return offers
	}
	c.settleAll(offers, err)
	return nil
}

// adopt settles the offers whose fact is in the log and returns the others.
// With refused, the server has just said that there is another message.
func (c *committer) adopt(offers []*offer, refused bool) ([]*offer, error) {
	subjects := make([]string, len(offers))
	for i, o := range offers {
		subjects[i] = o.fact.Subject
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	found, err := c.bus.lookup(ctx, c.stream, int(c.replicas.Load()), subjects)
	if err != nil {
		return nil, err
	}
	rest := offers[:0]
	for i, o := range offers {
		if found[i] != nil {
			o.adopt(found[i])
			continue
		}
		o.absent = true
		if refused {
			o.conflicts++
		}
		rest = append(rest, o)
	}
	return rest, nil
}

// batch stores as many offers as a batch takes, or none, and returns the others.
func (c *committer) batch(offers []*offer) []*offer {
	if len(offers) > maxCommit {
		return append(c.batch(offers[:maxCommit]), offers[maxCommit:]...)
	}
	start := time.Now()
	last, err := c.sendBatch(offers)
	if err == nil {
		c.cost.sawBatch(len(offers), time.Since(start))
		for i, o := range offers {
			o.stored(last - uint64(len(offers)-1-i))
		}
		return nil
	}
	switch code(err) {
	case codeNotFirst, codeNotAlone, codeDuplicate, codeInProcess:
		c.wary = true
		return c.conflict(offers)
	case codeTooMany, codeIncomplete:
		return offers
	case codeBatchForbidden:
		c.cost.never()
		return offers
	}
	if full(err) != nil || !transient(err) && !errors.Is(err, errLost) {
		return c.singles(offers) // some may fit, and each gets its own answer
	}
	c.lost(offers, err)
	return offers
}

// conflict adopts what is there. A batch that is refused for a message that
// nobody can see goes out as single publishes, which say whose it is.
func (c *committer) conflict(offers []*offer) []*offer {
	rest, err := c.adopt(offers, true)
	if err != nil {
		return c.stuck(offers, err)
	}
	if len(rest) < len(offers) || len(rest) == 0 {
		return rest
	}
	return c.singles(rest)
}

// lost marks offers whose outcome only the log can tell.
func (c *committer) lost(offers []*offer, err error) {
	for _, o := range offers {
		o.unknown = true
	}
	if errors.Is(err, nats.ErrNoResponders) {
		c.known = false // the stream may be gone
	}
}

// singles stores the offers one by one, pipelined.
func (c *committer) singles(offers []*offer) []*offer {
	start := time.Now()
	acks := c.bus.send(offers, commitTimeout)
	var again, refused []*offer
	stored := 0
	for i, o := range offers {
		a := acks[i]
		switch {
		case a.err == nil && !a.duplicate:
			o.stored(a.seq)
			stored++
		case a.err == nil:
			o.duplicate = true
			refused = append(refused, o)
		case notFirst(a.err):
			refused = append(refused, o)
		case code(a.err) == codeInProcess:
			again = append(again, o)
		case full(a.err) != nil:
			o.settle(Stored{}, full(a.err))
		case errors.Is(a.err, errLost), transient(a.err):
			c.lost(offers[i:i+1], a.err)
			again = append(again, o)
		default:
			o.settle(Stored{}, a.err)
		}
	}
	if stored == len(offers) {
		c.cost.sawSingles(stored, time.Since(start))
	}
	return append(c.refused(refused), again...)
}

// refused adopts the facts that were first; what is still not to be seen is
// tried again, up to a limit.
func (c *committer) refused(offers []*offer) []*offer {
	if len(offers) == 0 {
		return nil
	}
	rest, err := c.adopt(offers, true)
	if err != nil {
		return c.stuck(offers, err)
	}
	again := rest[:0]
	for _, o := range rest {
		switch {
		case o.duplicate:
			o.settle(Stored{}, fmt.Errorf("%w: %s", ErrIdentity, o.id))
		case o.conflicts > maxConflicts:
			o.settle(Stored{}, errors.New("refused as not the first on its subject, where the leader has none"))
		default:
			again = append(again, o)
		}
	}
	return again
}

// code is the server's error code, 0 if it is none.
func code(err error) jetstream.ErrorCode {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return api.ErrorCode
	}
	return 0
}

// notFirst reports whether the server refused a message because of another one on
// its subject.
func notFirst(err error) bool {
	c := code(err)
	return c == codeNotFirst || c == codeNotAlone
}

// full is ErrFull with the server's words when it has no room, nil otherwise.
func full(err error) error {
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return nil
	}
	switch api.ErrorCode {
	case codeNoResources, codeStorageLimit, codeAccountLimit:
	case codeStoreFailed:
		if !bytes.Contains([]byte(api.Description), []byte("maximum")) && !bytes.Contains([]byte(api.Description), []byte("space")) {
			return nil
		}
	default:
		return nil
	}
	return fmt.Errorf("%w: %s", ErrFull, api.Description)
}
