// Package simulate is an HTTP server that speaks the chat completions protocol
// with chosen accuracies, latencies and failures, so that everything between a
// spec and a report can be tried over real connections without a real model.
//
// Every response is labelled: the header X-Crucible-Simulated, and the
// system_fingerprint "crucible-simulated".
package simulate

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
)

// Config describes a server.
type Config struct {
	Addr    string // "" is 127.0.0.1:0
	Seed    uint64
	Models  []Model
	Answers *Answers        // right answers by question; nil: none is known
	Key     provider.Secret // the key that clients must send; empty: any or none
}

// Model is how a simulated model behaves.
type Model struct {
	ID            string
	Accuracy      float64 // share of right answers, where one is known
	Latency       events.Latency
	ErrorRate     float64       // share of requests that end with status 500, after their latency
	RateLimitRate float64       // share of requests that are turned away with status 429, at once
	RetryAfter    time.Duration // what a 429 asks to wait
	RPM           int           // requests per minute that are accepted, the rest is turned away; 0: any number
	Reply         string        // what is answered where no right answer is known; "" is "simulated answer N"
}

// ParseModel reads a model in the form of a flag, for example
//
//	id=sim_a,accuracy=0.92,p50=800ms,p95=2s,p99=5s,error_rate=0.01
//
// Keys: id, accuracy (default 1), shape, p50, p95, p99, error_rate,
// rate_limit_rate, retry_after (1s), rpm, reply. Without a shape it follows from
// the quantiles that are given: all three piecewise, two lognormal, p50 alone
// constant, none none.
func ParseModel(text string) (Model, error) {
	m := Model{Accuracy: 1, RetryAfter: time.Second}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ",") {
		key, value, found := strings.Cut(part, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case !found:
			return Model{}, fmt.Errorf("model %q: %q is not key=value", text, part)
		case seen[key]:
			return Model{}, fmt.Errorf("model %q: %s is given twice", text, key)
		}
		seen[key] = true
		if err := m.set(key, value); err != nil {
			return Model{}, fmt.Errorf("model %q: %w", text, err)
		}
	}
	if m.Latency.Shape == "" {
		m.Latency.Shape = shapeOf(m.Latency)
	}
	if err := m.check(); err != nil {
		return Model{}, fmt.Errorf("model %q: %w", text, err)
	}
	return m, nil
}

func (m *Model) set(key, value string) (err error) {
	switch key {
	case "id":
		m.ID = value
	case "accuracy":
		m.Accuracy, err = strconv.ParseFloat(value, 64)
	case "error_rate":
		m.ErrorRate, err = strconv.ParseFloat(value, 64)
	case "rate_limit_rate":
		m.RateLimitRate, err = strconv.ParseFloat(value, 64)
	case "rpm":
		m.RPM, err = strconv.Atoi(value)
	case "shape":
		m.Latency.Shape = value
	case "p50":
		m.Latency.P50NS, err = nanoseconds(value)
	case "p95":
		m.Latency.P95NS, err = nanoseconds(value)
	case "p99":
		m.Latency.P99NS, err = nanoseconds(value)
	case "retry_after":
		m.RetryAfter, err = time.ParseDuration(value)
	case "reply":
		m.Reply = value
	default:
		return fmt.Errorf("unknown key %q (id, accuracy, shape, p50, p95, p99, error_rate, rate_limit_rate, retry_after, rpm, reply)", key)
	}
	if err != nil {
		return fmt.Errorf("%s: %q is not a %s", key, value, kindOf(key))
	}
	return nil
}

func nanoseconds(value string) (int64, error) {
	d, err := time.ParseDuration(value)
	return int64(d), err
}

func kindOf(key string) string {
	switch key {
	case "p50", "p95", "p99", "retry_after":
		return "duration such as 800ms or 2s"
	case "rpm":
		return "whole number"
	}
	return "number"
}

func shapeOf(l events.Latency) string {
	switch {
	case l.P95NS != 0 && l.P99NS != 0:
		return provider.ShapePiecewise
	case l.P95NS != 0 || l.P99NS != 0:
		return provider.ShapeLognormal
	case l.P50NS != 0:
		return provider.ShapeConstant
	}
	return provider.ShapeNone
}

func (m *Model) check() error {
	for _, r := range []struct {
		name  string
		value float64
	}{{"accuracy", m.Accuracy}, {"error_rate", m.ErrorRate}, {"rate_limit_rate", m.RateLimitRate}} {
		if !(r.value >= 0 && r.value <= 1) { // also not a number
			return fmt.Errorf("%s: %v is not between 0 and 1", r.name, r.value)
		}
	}
	switch {
	case m.ID == "":
		return errors.New("id: missing")
	case m.RPM < 0:
		return errors.New("rpm: negative")
	case m.RetryAfter < 0:
		return errors.New("retry_after: negative")
	}
	return provider.CheckLatency(m.Latency)
}
