package limiter

import (
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/crucible-go/crucible/pkg/limit"
)

// counts are what has happened in a pool since it was made.
type counts struct{ granted, refused, limited uint64 }

// Status is how a pool is.
type Status struct {
	Busy    int64         // permits that are given out
	Waiting int64         // calls that wait for one
	Usable  limit.Amounts // the share of this process
	Limit   limit.Amounts // what is in force for all; 0 is no limit
	Level   float64       // of the declared limits, 1 unless the provider refused
	Mode    string        // of the gate: fresh, closed, open, half_open, stopped
	Members int           // processes that hold a share
	Granted uint64        // permits, since the start
	Refused uint64        // calls turned away because the pool is stopped or out of order
	Limited uint64        // answers of the provider that a limit is exceeded
}

// Status is how the pool is now.
func (p *Pool) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(p.now())
	return Status{
		Busy: p.busy, Waiting: int64(p.queue.n), Usable: p.usable, Limit: p.limits,
		Level: float64(p.state.Level) / limit.Full, Mode: p.state.Gate.Mode, Members: len(p.state.Members),
		Granted: p.counts.granted, Refused: p.counts.refused, Limited: p.counts.limited,
	}
}

// Metrics shows pools to Prometheus. The zero value shows none; it may be
// registered before there are any.
type Metrics struct {
	mu    sync.Mutex
	pools []*Pool
}

// Add shows one more pool.
func (m *Metrics) Add(p *Pool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pools = append(m.pools, p)
}

// metric is one of the metrics of a pool.
type metric struct {
	name, help string
	kind       prometheus.ValueType
	value      func(s Status) float64
}

func perSecond(micro int64) float64 { return float64(micro) / 1e6 }

func metricsOfPools() []metric {
	const gauge, counter = prometheus.GaugeValue, prometheus.CounterValue
	return []metric{
		{"calls", "Permits that are given out.", gauge, func(s Status) float64 { return float64(s.Busy) }},
		{"waiting", "Calls that wait for a permit.", gauge, func(s Status) float64 { return float64(s.Waiting) }},
		{"calls_share", "Calls at a time that this process may make.", gauge, func(s Status) float64 { return float64(s.Usable[limit.Calls]) }},
		{"calls_limit", "Calls at a time that all processes may make.", gauge, func(s Status) float64 { return float64(s.Limit[limit.Calls]) }},
		{"requests_share", "Requests per second that this process may make; 0 without a limit.", gauge, func(s Status) float64 { return perSecond(s.Usable[limit.Requests]) }},
		{"requests_limit", "Requests per second that all processes may make; 0 is no limit.", gauge, func(s Status) float64 { return perSecond(s.Limit[limit.Requests]) }},
		{"tokens_limit", "Tokens per second that all processes may use; 0 is no limit.", gauge, func(s Status) float64 { return perSecond(s.Limit[limit.Tokens]) }},
		{"level", "Share of the declared limits in force: below 1 after the provider refused requests.", gauge, func(s Status) float64 { return s.Level }},
		{"members", "Processes that hold a share.", gauge, func(s Status) float64 { return float64(s.Members) }},
		{"permits_total", "Permits given out.", counter, func(s Status) float64 { return float64(s.Granted) }},
		{"turned_away_total", "Calls turned away because the pool is stopped or out of order.", counter, func(s Status) float64 { return float64(s.Refused) }},
		{"limited_total", "Answers of the provider that a limit is exceeded.", counter, func(s Status) float64 { return float64(s.Limited) }},
	}
}

// Describe implements prometheus.Collector; the pools are not known yet, so it
// says nothing.
func (m *Metrics) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	m.mu.Lock()
	pools := slices.Clone(m.pools)
	m.mu.Unlock()
	slices.SortStableFunc(pools, func(a, b *Pool) int { return strings.Compare(a.Name, b.Name) })
	last := ""
	for i, p := range pools {
		if i > 0 && p.Name == last {
			continue // the same program in another folder
		}
		last = p.Name
		s := p.Status()
		for _, v := range metricsOfPools() {
			d := prometheus.NewDesc("crucible_pool_"+v.name, v.help, []string{"pool"}, nil)
			out <- prometheus.MustNewConstMetric(d, v.kind, v.value(s), p.Name)
		}
		gate := prometheus.NewDesc("crucible_pool_gate", "1 for the mode of the pool's circuit breaker.", []string{"pool", "mode"}, nil)
		for _, mode := range []string{limit.Fresh, limit.Closed, limit.Open, limit.Half, limit.Stopped} {
			is := 0.0
			if s.Mode == mode {
				is = 1
			}
			out <- prometheus.MustNewConstMetric(gate, prometheus.GaugeValue, is, p.Name, mode)
		}
	}
}
