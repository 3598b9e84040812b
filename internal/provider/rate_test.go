package provider

import (
	"net/http"
	"testing"
	"time"
)

func TestRateInfoReadsTheHeadersInUse(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	window := func(limit, remaining int64, reset time.Duration) RateWindow {
		return RateWindow{Limit: limit, Remaining: remaining, Reset: reset, HasLimit: true, HasRemaining: true, HasReset: true}
	}
	for name, c := range map[string]struct {
		header map[string]string
		want   RateInfo
	}{
		"nothing": {nil, RateInfo{}},
		"durations": {map[string]string{
			"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "59", "x-ratelimit-reset-requests": "1s",
			"x-ratelimit-limit-tokens": "150000", "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0.5s",
		}, RateInfo{Requests: window(60, 59, time.Second), Tokens: window(150_000, 0, 6*time.Minute+500*time.Millisecond)}},
		"times": {map[string]string{
			"anthropic-ratelimit-requests-limit": "50", "anthropic-ratelimit-requests-remaining": "49", "anthropic-ratelimit-requests-reset": "2026-01-02T03:04:35Z",
			"anthropic-ratelimit-input-tokens-limit": "9", "anthropic-ratelimit-input-tokens-remaining": "8", "anthropic-ratelimit-input-tokens-reset": "2026-01-02T03:04:06Z",
			"anthropic-ratelimit-output-tokens-limit": "7", "anthropic-ratelimit-output-tokens-remaining": "6", "anthropic-ratelimit-output-tokens-reset": "2026-01-02T03:04:00Z",
			"retry-after": "30",
		}, RateInfo{RetryAfter: 30 * time.Second, Requests: window(50, 49, 30*time.Second), Input: window(9, 8, time.Second), Output: window(7, 6, 0)}},
		"of requests only": {map[string]string{"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "1767323105"}, RateInfo{Requests: window(10, 3, time.Minute)}},
		"milliseconds":     {map[string]string{"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "1767323105000"}, RateInfo{Requests: window(10, 3, time.Minute)}},
		"the draft":        {map[string]string{"RateLimit-Limit": "100, 100;w=60", "RateLimit-Remaining": "1", "RateLimit-Reset": "7"}, RateInfo{Requests: window(100, 1, 7*time.Second)}},
		"their clock":      {map[string]string{"Date": "Fri, 02 Jan 2026 04:04:05 GMT", "Retry-After": "Fri, 02 Jan 2026 04:04:15 GMT", "X-RateLimit-Remaining": "0"}, RateInfo{RetryAfter: 10 * time.Second, Requests: RateWindow{HasRemaining: true}}},
		"nonsense": {map[string]string{
			"Retry-After": "soon", "x-ratelimit-limit-requests": "-1", "x-ratelimit-remaining-requests": "NaN", "x-ratelimit-reset-requests": "-5s",
			"x-ratelimit-limit-tokens": "1e300", "x-ratelimit-remaining-tokens": "", "x-ratelimit-reset-tokens": "tomorrow",
		}, RateInfo{}},
		"for ever": {map[string]string{"Retry-After": "1e300", "x-ratelimit-reset-requests": "9000h"}, RateInfo{RetryAfter: 24 * time.Hour, Requests: RateWindow{Reset: 24 * time.Hour, HasReset: true}}},
	} {
		h := http.Header{}
		for k, v := range c.header {
			h.Set(k, v)
		}
		got := rateInfo(h, now)
		if got != c.want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, c.want)
		}
		if got.Empty() != (c.want == RateInfo{}) {
			t.Errorf("%s: empty %t", name, got.Empty())
		}
	}
}
