package bus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	connectTimeout = 5 * time.Second
	// apiTimeout bounds one request to JetStream's API; a new leader takes up to
	// eight seconds.
	apiTimeout = 10 * time.Second
	// minVersion is the first server release without the known ways to lose
	// acknowledged messages that Crucible's settings do not rule out.
	minVersion = "2.14.5"
)

// Open connects to the log, or starts the embedded server on Config.Dir. It
// fails with ErrLocked when another process owns the folder, and with ErrVersion
// when the server is too old. Once open, a bus reconnects for ever.
func Open(ctx context.Context, c Config) (*Bus, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	b := &Bus{cfg: c, log: c.Logger, closed: make(chan struct{}), conn: connState{changed: make(chan struct{})}}
	if err := b.open(ctx); err != nil {
		_ = b.Close()
		return nil, fmt.Errorf("open log: %w", err)
	}
	return b, nil
}

func (c Config) withDefaults() (Config, error) {
	if c.Durability == "" {
		c.Durability = Always
	}
	if err := checkDurability(c.Durability); err != nil {
		return c, err
	}
	if c.Replicas == 0 {
		c.Replicas = 1
	}
	if c.Replicas < 0 || c.Replicas > 5 {
		return c, fmt.Errorf("replicas %d: want 1 to 5", c.Replicas)
	}
	if c.URL == "" && c.Dir == "" {
		return c, errors.New("neither a URL nor a data folder")
	}
	if c.URL == "" && c.Replicas > 1 {
		return c, fmt.Errorf("replicas %d: the embedded server is alone", c.Replicas)
	}
	if c.Name == "" {
		c.Name = "crucible"
	}
	return c, nil
}

func checkDurability(d string) error {
	if d != Always && d != Interval {
		return fmt.Errorf("durability %q: want %q or %q", d, Always, Interval)
	}
	return nil
}

func (b *Bus) open(ctx context.Context) error {
	opts := []nats.Option{
		nats.Name(b.cfg.Name),
		nats.MaxReconnects(-1),
		nats.IgnoreAuthErrorAbort(),
		nats.ReconnectWait(100 * time.Millisecond),
		nats.ReconnectJitter(50*time.Millisecond, 200*time.Millisecond),
		nats.Timeout(connectTimeout),
		// Nothing is buffered while the connection is down: who published learns of
		// it at once and looks up what became of his facts.
		nats.ReconnectBufSize(-1),
		nats.ConnectHandler(b.onConnect),
		nats.ReconnectHandler(b.onConnect),
		nats.DisconnectErrHandler(b.onDisconnect),
		nats.ClosedHandler(b.onClosed),
		nats.ErrorHandler(b.onError),
	}
	if b.cfg.URL == "" {
		s, err := startEmbedded(b.cfg, b.unwritable)
		if err != nil {
			return err
		}
		b.server = s
		opts = append(opts, nats.InProcessServer(s.ns))
	} else {
		auth, err := b.cfg.authOptions()
		if err != nil {
			return err
		}
		opts = append(opts, auth...)
	}
	nc, err := b.connect(ctx, opts)
	if err != nil {
		return err
	}
	b.nc = nc
	if err := checkVersion(nc.ConnectedServerVersion()); err != nil {
		return err
	}
	if b.js, err = jetstream.New(nc, jetstream.WithDefaultTimeout(apiTimeout)); err != nil {
		return err
	}
	if err := b.subscribeReplies(); err != nil {
		return err
	}
	return b.checkJetStream(ctx)
}

// unwritable ends the bus: the embedded server cannot write any more. What it
// acknowledged before is on the disk.
func (b *Bus) unwritable(reason string) {
	b.fail(fmt.Errorf("%w: the log in %s cannot be written: %s", ErrFull, b.cfg.Dir, reason))
}

// connect dials once. The dial itself cannot be cancelled, so it goes on in the
// background when ctx ends first.
func (b *Bus) connect(ctx context.Context, opts []nats.Option) (*nats.Conn, error) {
	type result struct {
		nc  *nats.Conn
		err error
	}
	done := make(chan result, 1)
	go func() {
		nc, err := nats.Connect(b.cfg.URL, opts...)
		done <- result{nc, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, fmt.Errorf("connect to %s: %w%s", redactURL(b.cfg.URL), r.err, connectHint(r.err))
		}
		return r.nc, nil
	case <-ctx.Done():
		go func() {
			if r := <-done; r.nc != nil {
				r.nc.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// connectHint says what to do about a failed connection.
func connectHint(err error) string {
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
		return ": check the user and password, the token or the credentials file"
	case errors.Is(err, nats.ErrNoServers):
		return ": start a nats-server with JetStream there, or leave the URL out to run one in this process"
	}
	return ""
}

func (b *Bus) checkJetStream(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	_, err := b.js.AccountInfo(ctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled):
		return errors.New("the server runs without JetStream: start it with --jetstream")
	case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return errors.New("JetStream is not enabled for this account of the server")
	default:
		return fmt.Errorf("ask the server about JetStream: %w", err)
	}
}

func (c Config) authOptions() ([]nats.Option, error) {
	for _, file := range []string{c.CredsFile, c.CAFile, c.CertFile, c.KeyFile} {
		if file == "" {
			continue
		}
		if _, err := os.Stat(file); err != nil {
			return nil, fmt.Errorf("credentials: %w", err)
		}
	}
	var opts []nats.Option
	if c.CredsFile != "" {
		opts = append(opts, nats.UserCredentials(c.CredsFile))
	}
	if c.User != "" {
		opts = append(opts, nats.UserInfo(c.User, string(c.Password)))
	}
	if c.Token != "" {
		opts = append(opts, nats.Token(string(c.Token)))
	}
	if c.CAFile != "" {
		opts = append(opts, nats.RootCAs(c.CAFile))
	}
	if c.CertFile != "" || c.KeyFile != "" {
		opts = append(opts, nats.ClientCert(c.CertFile, c.KeyFile))
	}
	return opts, nil
}

// redactURL leaves the user's part of URLs out; several may stand in one string.
func redactURL(urls string) string {
	parts := strings.Split(urls, ",")
	for i, u := range parts {
		scheme, rest, ok := strings.Cut(u, "://")
		if !ok {
			scheme, rest = "", u
		}
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			rest = rest[at+1:]
		}
		if ok {
			rest = scheme + "://" + rest
		}
		parts[i] = rest
	}
	return strings.Join(parts, ",")
}

func checkVersion(have string) error {
	if versionLess(have, minVersion) {
		return fmt.Errorf("nats-server %s: %w: %s or newer is needed", have, ErrVersion, minVersion)
	}
	return nil
}

// versionLess compares major, minor and patch; what is no number counts as 0.
func versionLess(a, b string) bool {
	x, y := versionParts(a), versionParts(b)
	for i := range x {
		if x[i] != y[i] {
			return x[i] < y[i]
		}
	}
	return false
}

func versionParts(v string) (out [3]int) {
	v, _, _ = strings.Cut(strings.TrimPrefix(v, "v"), "-")
	for i, p := range strings.SplitN(v, ".", 3) {
		out[i], _ = strconv.Atoi(p)
	}
	return out
}

// connState tells those who wait that the connection came or went.
type connState struct {
	mu      sync.Mutex
	up      bool
	epoch   uint64 // counts connections
	changed chan struct{}
}

func (s *connState) set(up bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.up = up
	if up {
		s.epoch++
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// get returns the state and a channel that is closed when it changes.
func (s *connState) get() (up bool, epoch uint64, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.up, s.epoch, s.changed
}

func (b *Bus) onConnect(*nats.Conn) {
	b.conn.set(true)
}

func (b *Bus) onDisconnect(_ *nats.Conn, err error) {
	b.conn.set(false)
	if err != nil {
		b.log.Warn().Err(err).Msg("connection to the log lost")
	}
}

func (b *Bus) onClosed(nc *nats.Conn) {
	b.fail(nc.LastError())
}

func (b *Bus) onError(_ *nats.Conn, sub *nats.Subscription, err error) {
	e := b.log.Warn().Err(err)
	if sub != nil {
		e = e.Str("subscription", sub.Subject)
	}
	e.Msg("log reports an error")
}

// waitUp waits for a connection, the end of ctx or of the bus.
func (b *Bus) waitUp(ctx context.Context) error {
	for {
		up, _, changed := b.conn.get()
		if up {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-b.closed:
			return ErrClosed
		}
	}
}

// pause waits for d; it ends early with an error when ctx or the bus ends.
func (b *Bus) pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-b.closed:
		return ErrClosed
	}
}

// retry repeats what fails for a temporary reason until ctx ends.
func (b *Bus) retry(ctx context.Context, f func() error) error {
	for try := 0; ; try++ {
		err := f()
		if err == nil || ctx.Err() != nil || b.Err() != nil || !transient(err) && !errors.Is(err, errLost) {
			return err
		}
		if b.pause(ctx, backoff(try)) != nil || b.waitUp(ctx) != nil {
			return err
		}
	}
}

// backoff doubles from 10 ms to 1 s: the pause before the n-th retry, from 0.
func backoff(n int) time.Duration {
	return min(10*time.Millisecond<<min(n, 7), time.Second)
}
