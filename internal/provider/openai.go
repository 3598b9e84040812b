package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// OpenAI's own address, and the variable that holds its key.
const (
	openAIURL    = "https://api.openai.com/v1/"
	openAIKeyEnv = "OPENAI_API_KEY"
)

// OpenAI asks a server that speaks the chat completions protocol. One request
// per Ask: the SDK's own retries are off, and nothing is read from the
// environment but the key and the HTTP proxy.
type OpenAI struct {
	client    openai.Client
	transport *http.Transport
	scrub     *scrubber
	now       func() time.Time
}

// OpenAIConfig describes a server.
type OpenAIConfig struct {
	BaseURL     string // "" is OpenAI's
	Key         Secret // empty: no key is sent
	Concurrency int    // connections that are kept; 0 is 64
	MaxReply    int64  // bytes; 0 is MaxReply
}

// NewOpenAI makes a provider for a server. Close it to drop its connections.
func NewOpenAI(c OpenAIConfig) (*OpenAI, error) {
	if c.BaseURL == "" {
		c.BaseURL = openAIURL
	}
	base, err := baseURL(c.BaseURL)
	if err != nil {
		return nil, err
	}
	if c.Concurrency <= 0 {
		c.Concurrency = 64
	}
	if c.MaxReply <= 0 {
		c.MaxReply = MaxReply
	}
	tr := newTransport(c.Concurrency)
	options := []option.RequestOption{
		option.WithBaseURL(base.String()),
		option.WithMaxRetries(0),
		option.WithHTTPClient(&http.Client{
			Transport:     &boundedTransport{next: tr, limit: c.MaxReply},
			CheckRedirect: stayOnHost,
		}),
	}
	if !c.Key.Empty() {
		options = append(options, option.WithAPIKey(c.Key.Reveal()))
	}
	return &OpenAI{
		client:    openai.Client{Options: options},
		transport: tr,
		scrub:     newScrubber(c.Key),
		now:       time.Now,
	}, nil
}

// Close drops the connections that are not in use.
func (o *OpenAI) Close() error {
	o.transport.CloseIdleConnections()
	return nil
}

// Format implements fmt.Formatter: nothing that is inside is for printing.
func (o *OpenAI) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "provider openai") }

// Ask implements Provider.
func (o *OpenAI) Ask(ctx context.Context, r *Request) (*Reply, error) {
	if ctx.Err() != nil {
		return nil, ended(ctx, BilledNo)
	}
	body, err := chatRequest(r)
	if err != nil {
		return nil, unprocessable(o.scrub.message(err.Error()))
	}
	var (
		trip = &roundTrip{start: time.Now()}
		res  *http.Response
		raw  []byte
	)
	err = o.client.Post(httptrace.WithClientTrace(ctx, trip.hooks()), "chat/completions", body, &raw, option.WithResponseInto(&res))
	var refused *redirectError
	if res != nil && res.StatusCode >= http.StatusMultipleChoices && !errors.As(err, &refused) {
		return nil, o.statusError(res)
	}
	if err != nil {
		return nil, o.sendError(ctx, err, trip, res)
	}
	reply, failure := o.read(raw, res)
	if failure != nil {
		return nil, failure
	}
	reply.FirstByteNS = trip.firstByte.Load()
	return reply, nil
}

// roundTrip watches one request. Its hooks run on the transport's goroutines,
// some of them after Ask has returned.
type roundTrip struct {
	start     time.Time
	sent      atomic.Bool  // something of the request has left
	firstByte atomic.Int64 // nanoseconds since start
}

func (t *roundTrip) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		WroteHeaders:         func() { t.sent.Store(true) },
		GotFirstResponseByte: func() { t.firstByte.Store(max(int64(time.Since(t.start)), 1)) },
	}
}

// billed says whether a request without a response may have been charged for.
func (t *roundTrip) billed() string {
	if t.sent.Load() {
		return BilledPossibly
	}
	return BilledNo
}

// sendError maps an error of the transport, which has no response or only a part
// of one. Errors of net/http contain URLs, so only their causes are shown.
func (o *OpenAI) sendError(ctx context.Context, err error, trip *roundTrip, res *http.Response) *Error {
	e := &Error{Class: ClassConnection, Retryable: true, Billed: trip.billed()}
	var refused *redirectError
	switch {
	case errors.Is(err, errTooLarge):
		e.Class, e.Retryable, e.Message = ClassTooLarge, false, "the reply is larger than the limit"
	case errors.As(err, &refused):
		e.Class, e.Retryable, e.Billed, e.Message = ClassRefused, false, BilledNo, o.scrub.message(refused.Error())
	case ctx.Err() != nil:
		e = ended(ctx, trip.billed())
	default:
		var withURL *url.Error
		if errors.As(err, &withURL) {
			err = withURL.Err
		}
		e.Message = o.scrub.message(err.Error())
	}
	if res != nil {
		e.Status, e.RequestID = res.StatusCode, o.requestID(res)
	}
	return e
}

// requestID is the provider's id of a request, by the header that carries it.
func (o *OpenAI) requestID(res *http.Response) string {
	for _, h := range []string{"X-Request-Id", "Request-Id", "Apim-Request-Id", "Cf-Ray"} {
		if v := res.Header.Get(h); v != "" {
			return clip(o.scrub.message(v), 200)
		}
	}
	return ""
}

func openOpenAI(p Pool, getenv func(string) string) (*OpenAI, error) {
	raw, keyEnv := p.BaseURL, p.KeyEnv
	if raw == "" {
		raw = openAIURL
	}
	base, err := baseURL(raw)
	if err != nil {
		return nil, err
	}
	if keyEnv == "" && base.Hostname() == "api.openai.com" {
		keyEnv = openAIKeyEnv
	}
	var key Secret
	if keyEnv != "" {
		key = NewSecret(getenv(keyEnv))
	}
	if key.Empty() && !loopback(base) {
		if keyEnv == "" {
			return nil, fmt.Errorf("no key for %s: name its environment variable (api_key_env)", base.Host)
		}
		return nil, fmt.Errorf("no key for %s: the environment variable %s is not set", base.Host, keyEnv)
	}
	return NewOpenAI(OpenAIConfig{BaseURL: raw, Key: key, Concurrency: p.Concurrency})
}
