package provider

import (
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// errTooLarge ends the reading of a reply above the limit.
var errTooLarge = errors.New("the reply is larger than the limit")

// maxErrorBody is how much of the body of an error response is read.
const maxErrorBody = 64 << 10

// newTransport keeps one connection for each concurrent call. There is no
// timeout for the response: the caller's context has it.
func newTransport(concurrency int) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           concurrency,
		MaxIdleConnsPerHost:    concurrency,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}
}

// boundedTransport bounds the bodies that it hands out, after decompression: a
// successful one ends with errTooLarge, that of an error is cut off.
type boundedTransport struct {
	next  http.RoundTripper
	limit int64
}

// RoundTrip implements http.RoundTripper.
func (t *boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		res.Body = cutBody{Reader: io.LimitReader(res.Body, maxErrorBody), Closer: res.Body}
		return res, nil
	}
	if res.ContentLength > t.limit {
		_ = res.Body.Close() // the reason to close it is the better error
		return nil, errTooLarge
	}
	res.Body = &boundedBody{ReadCloser: res.Body, left: t.limit}
	return res, nil
}

type cutBody struct {
	io.Reader
	io.Closer
}

type boundedBody struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more, to tell "at the limit" from "above it"
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n, errTooLarge
	}
	return n, err
}

// redirectError is a redirect that is not followed.
type redirectError struct{ reason string }

func (e *redirectError) Error() string { return e.reason }

// stayOnHost follows a redirect only within scheme, host and port, a few times,
// and only where the request stays the same: the key must not travel.
func stayOnHost(r *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case r.URL.Scheme != first.URL.Scheme || r.URL.Host != first.URL.Host:
		return &redirectError{"redirect to another host, " + r.URL.Scheme + "://" + r.URL.Host + ", not followed"}
	case r.Method != first.Method:
		return &redirectError{"redirect that turns " + first.Method + " into " + r.Method + " not followed"}
	case len(via) > 3:
		return &redirectError{"too many redirects"}
	}
	return nil
}
