package provider

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RateInfo is what a response says of the provider's limits, in its headers or,
// where the protocol has it there, in its body. The zero value says nothing. It
// is a snapshot at the time of the response: other callers of the same key use
// the same limits.
type RateInfo struct {
	// RetryAfter is how long the provider asks to wait, 0 where it does not.
	RetryAfter time.Duration
	// Requests and Tokens are the limits of requests and of all tokens; Input
	// and Output are those of tokens of the prompt and of the answer, where the
	// provider has them apart.
	Requests, Tokens, Input, Output RateWindow
}

// RateWindow is one limit.
type RateWindow struct {
	Limit        int64         // units that a window allows
	Remaining    int64         // units that are left of it
	Reset        time.Duration // from the response until it is full again
	HasLimit     bool
	HasRemaining bool
	HasReset     bool
}

// Empty reports whether nothing is said.
func (r RateInfo) Empty() bool { return r == RateInfo{} }

// longestRetryAfter bounds what a provider may ask us to wait.
const longestRetryAfter = 24 * time.Hour

// rateInfo reads the headers in use:
//
//   - Retry-After in seconds or as a date, and retry-after-ms;
//   - x-ratelimit-{limit,remaining,reset}-{requests,tokens}, with a reset like
//     "6m0s" or in seconds;
//   - anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,
//     remaining,reset}, with a reset as a time;
//   - x-ratelimit-{limit,remaining,reset} and ratelimit-{limit,remaining,reset},
//     of requests, with a reset in seconds or as a Unix time.
//
// Times are read against the response's own Date, where there is one, so that
// our clock does not matter.
func rateInfo(h http.Header, now time.Time) RateInfo {
	if said, err := http.ParseTime(h.Get("Date")); err == nil {
		now = said
	}
	read := func(limit, remaining, reset string) (w RateWindow) {
		w.Limit, w.HasLimit = count(h.Get(limit))
		w.Remaining, w.HasRemaining = count(h.Get(remaining))
		w.Reset, w.HasReset = resetIn(h.Get(reset), now)
		return w
	}
	r := RateInfo{RetryAfter: retryAfter(h, now)}
	for _, f := range []struct {
		to   *RateWindow
		name string
	}{{&r.Requests, "requests"}, {&r.Tokens, "tokens"}, {&r.Input, "input-tokens"}, {&r.Output, "output-tokens"}} {
		*f.to = read("X-Ratelimit-Limit-"+f.name, "X-Ratelimit-Remaining-"+f.name, "X-Ratelimit-Reset-"+f.name)
		if *f.to == (RateWindow{}) {
			p := "Anthropic-Ratelimit-" + f.name
			*f.to = read(p+"-Limit", p+"-Remaining", p+"-Reset")
		}
	}
	for _, prefix := range []string{"X-Ratelimit", "Ratelimit"} {
		if r.Requests == (RateWindow{}) {
			r.Requests = read(prefix+"-Limit", prefix+"-Remaining", prefix+"-Reset")
		}
	}
	return r
}

// count reads a number of units. The draft of the standard header may add a
// policy after the number: "100, 100;w=60".
func count(v string) (int64, bool) {
	if at := strings.IndexAny(v, ",;"); at >= 0 {
		v = v[:at]
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// resetIn reads when a window is full again: a duration, a number of seconds, a
// Unix time in seconds or milliseconds, or a date.
func resetIn(v string, now time.Time) (time.Duration, bool) {
	v = strings.TrimSpace(v)
	if v == "" {
		return 0, false
	}
	if f, err := strconv.ParseFloat(v, 64); err == nil {
		switch {
		case math.IsNaN(f) || f < 0 || f > 1e15:
			return 0, false
		case f > 1e11:
			return bounded(time.UnixMilli(int64(f)).Sub(now)), true
		case f > 1e9:
			return bounded(time.Unix(int64(f), 0).Sub(now)), true
		}
		return number(v, time.Second)
	}
	if d, err := time.ParseDuration(v); err == nil {
		return bounded(d), d >= 0
	}
	if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
		return bounded(at.Sub(now)), true
	}
	if at, err := http.ParseTime(v); err == nil {
		return bounded(at.Sub(now)), true
	}
	return 0, false
}

func bounded(d time.Duration) time.Duration { return min(max(d, 0), longestRetryAfter) }

// retryAfter is how long a response asks to wait: retry-after-ms, or
// Retry-After in seconds or as a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if d, ok := number(h.Get("Retry-After-Ms"), time.Millisecond); ok {
		return d
	}
	v := h.Get("Retry-After")
	if d, ok := number(v, time.Second); ok {
		return d
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	return bounded(at.Sub(now))
}

func number(v string, unit time.Duration) (time.Duration, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
	if err != nil || math.IsNaN(f) || f < 0 {
		return 0, false
	}
	return time.Duration(math.Min(f*float64(unit), float64(longestRetryAfter))), true
}
