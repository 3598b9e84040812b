package provider

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// client is what the providers that speak HTTP share: connections, bounds, the
// rule for redirects, and how a response becomes a reply or a failure.
//
// The SDK of a provider writes the request; the response is taken before the SDK
// sees it and read here, as the bytes that came, so that bounds, half replies,
// retries and classes are the same for every protocol.
type client struct {
	name      string // of the provider
	http      *http.Client
	transport *http.Transport
	scrub     *scrubber
	now       func() time.Time
	headers   []string // that carry the id of a request, best first
	keyFrom   string   // where the key comes from, for hints
	success   func(status int) bool
}

// ClientConfig describes a server.
type ClientConfig struct {
	BaseURL     string // "" is the provider's own
	Key         Secret // empty: no key is sent
	KeyFrom     string // where the key comes from, for hints
	Concurrency int    // connections that are kept; 0 is 64
	MaxReply    int64  // bytes; 0 is MaxReply
}

// newClient checks the base URL, own where none is configured.
func newClient(name string, c ClientConfig, own string) (*client, *url.URL, error) {
	if c.BaseURL == "" {
		c.BaseURL = own
	}
	base, err := baseURL(c.BaseURL)
	if err != nil {
		return nil, nil, err
	}
	return bareClient(name, c), base, nil
}

func bareClient(name string, c ClientConfig) *client {
	if c.Concurrency <= 0 {
		c.Concurrency = 64
	}
	if c.MaxReply <= 0 {
		c.MaxReply = MaxReply
	}
	tr := newTransport(c.Concurrency)
	return &client{
		name:      name,
		transport: tr,
		http:      &http.Client{Transport: &boundedTransport{next: tr, limit: c.MaxReply}, CheckRedirect: stayOnHost},
		scrub:     newScrubber(c.Key),
		now:       time.Now,
		success:   func(status int) bool { return status >= 200 && status < 300 },
		keyFrom:   c.KeyFrom,
		headers:   []string{"X-Request-Id", "Request-Id", "Apim-Request-Id", "X-Goog-Request-Id", "Cf-Ray"},
	}
}

// Close drops the connections that are not in use.
func (c *client) Close() error {
	c.transport.CloseIdleConnections()
	return nil
}

// Format implements fmt.Formatter: nothing that is inside is for printing.
func (c *client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "provider "+c.name) }

// sdk is the HTTP client that an SDK is given. It takes the response of the one
// request that a trip is allowed and hands the SDK an empty success.
func (c *client) sdk() *http.Client { return &http.Client{Transport: taker{c}} }

type taker struct{ *client }

// errSecond ends a request that an SDK makes on its own account: retries and
// continuations are ours, counted and priced.
var errSecond = errors.New("the client library made a second request")

// RoundTrip implements http.RoundTripper.
func (t taker) RoundTrip(r *http.Request) (*http.Response, error) {
	trip, ok := r.Context().Value(tripKey{}).(*roundTrip)
	if !ok || trip.taken {
		return nil, errSecond
	}
	trip.taken = true
	if trip.strip != "" {
		r = r.Clone(r.Context())
		r.Header.Del(trip.strip)
	}
	trip.url = r.URL
	if trip.res, trip.err = t.http.Do(r); trip.err != nil {
		return nil, trip.err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader([]byte("{}"))),
		ContentLength: 2, Request: r,
	}, nil
}

// exchange makes one request by what an SDK does in send, and reads what comes
// back.
func (c *client) exchange(ctx context.Context, r *Request, d dialect, send func(context.Context) error) (*Reply, error) {
	return c.exchangeWithout(ctx, "", r, d, send)
}

// exchangeWithout does so, and takes a header out of the request.
func (c *client) exchangeWithout(ctx context.Context, header string, r *Request, d dialect, send func(context.Context) error) (*Reply, error) {
	trip, traced := newTrip(ctx)
	trip.strip = header
	err := send(traced)
	if !trip.taken {
		if ctx.Err() != nil {
			return nil, ended(ctx, BilledNo)
		}
		return nil, unprocessable(c.scrub.message("the request cannot be made: " + err.Error()))
	}
	return c.receive(ctx, r, trip, d)
}

type tripKey struct{}

// roundTrip is one request and what is known of it. The hooks run on the
// transport's goroutines, some of them after Ask has returned.
type roundTrip struct {
	start      time.Time
	sent       atomic.Bool  // something of the request has left
	connecting atomic.Int64 // when it began, in nanoseconds since start
	connect    atomic.Int64 // nanoseconds that it took
	firstByte  atomic.Int64 // nanoseconds since start
	firstToken int64        // likewise

	strip string // a header that is taken out of the request
	taken bool
	url   *url.URL
	res   *http.Response
	err   error
}

func newTrip(ctx context.Context) (*roundTrip, context.Context) {
	t := &roundTrip{start: time.Now()}
	t.connecting.Store(-1)
	return t, httptrace.WithClientTrace(context.WithValue(ctx, tripKey{}, t), t.hooks())
}

// since is the time since the start, never 0: that is "unknown".
func (t *roundTrip) since() int64 { return max(int64(time.Since(t.start)), 1) }

func (t *roundTrip) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { t.connecting.Store(t.since()) },
		GotConn: func(info httptrace.GotConnInfo) {
			if began := t.connecting.Load(); began >= 0 && !info.Reused {
				t.connect.Store(max(t.since()-began, 1))
			}
		},
		WroteHeaders:         func() { t.sent.Store(true) },
		GotFirstResponseByte: func() { t.firstByte.Store(t.since()) },
	}
}

// billed says whether a request without a response may have been charged for.
func (t *roundTrip) billed() string {
	if t.sent.Load() {
		return BilledPossibly
	}
	return BilledNo
}

// measure copies what was measured to a failure.
func (t *roundTrip) measure(e *Error) *Error {
	e.FirstByteNS, e.FirstTokenNS, e.ConnectNS = t.firstByte.Load(), t.firstToken, t.connect.Load()
	return e
}

// sendError maps an error of the transport, without a response. Errors of
// net/http contain URLs, so only their causes are shown.
func (c *client) sendError(ctx context.Context, err error, trip *roundTrip) *Error {
	e := &Error{Class: ClassConnection, Retryable: true, Billed: trip.billed()}
	var (
		refused *redirectError
		name    *net.DNSError
	)
	switch {
	case errors.Is(err, errTooLarge):
		e.Class, e.Retryable, e.Message = ClassTooLarge, false, errTooLarge.Error()
	case errors.As(err, &refused):
		e.Class, e.Retryable, e.Billed, e.Message = ClassRedirect, false, BilledNo, refused.Error()
	case ctx.Err() != nil:
		e = ended(ctx, trip.billed())
	case errors.As(err, &name):
		e.Class, e.Retryable, e.Billed = ClassDNS, !name.IsNotFound, BilledNo
		e.Message = "the host " + name.Name + " is not known: check base_url"
		if !name.IsNotFound {
			e.Message = "the host " + name.Name + " cannot be looked up: " + name.Err
		}
	case tlsProblem(err) != "":
		e.Class, e.Retryable, e.Billed, e.Message = ClassTLS, false, BilledNo, tlsProblem(err)
	default:
		e.Message = cause(err).Error()
	}
	e.Message = c.scrub.message(e.Message)
	return trip.measure(e)
}

// cause is an error without the URLs that net/http puts around it.
func cause(err error) error {
	for {
		var withURL *url.Error
		if !errors.As(err, &withURL) {
			return err
		}
		err = withURL.Err
	}
}

// tlsProblem says why there is no secure connection, "" where that is not what
// went wrong.
func tlsProblem(err error) string {
	var (
		record *tls.RecordHeaderError
		plain  tls.RecordHeaderError
		cert   *tls.CertificateVerificationError
		alert  tls.AlertError
	)
	switch {
	case errors.As(err, &cert):
		return "the server's certificate is not trusted: " + cert.Err.Error()
	case errors.As(err, &record), errors.As(err, &plain), errors.Is(err, http.ErrSchemeMismatch):
		return "the server does not speak TLS: is it http:// in base_url?"
	case errors.As(err, &alert):
		return "no TLS connection: " + alert.Error()
	}
	return ""
}
