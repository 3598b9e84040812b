package limiter_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/crucible-go/crucible/internal/limiter"
	"github.com/crucible-go/crucible/pkg/limit"
)

func TestMetrics(t *testing.T) {
	var m limiter.Metrics
	r := prometheus.NewPedanticRegistry()
	if err := r.Register(&m); err != nil {
		t.Fatal(err)
	}
	p := proven(limit.PerMinute(4, 60, 0))
	m.Add(p)
	m.Add(p) // shown once
	permit := acquire(t, p)
	got := map[string]float64{}
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, v := range f.GetMetric() {
			name := strings.TrimPrefix(f.GetName(), "crucible_pool_")
			if labels := v.GetLabel(); labels[0].GetName() == "mode" {
				name += " " + labels[0].GetValue()
			}
			got[name] = v.GetGauge().GetValue() + v.GetCounter().GetValue()
		}
	}
	permit.Done(good(), nil)
	for name, want := range map[string]float64{
		"calls": 1, "waiting": 0, "calls_share": 4, "calls_limit": 4, "requests_share": 0.98, "requests_limit": 0.98, "tokens_limit": 0,
		"level": 1, "members": 1, "permits_total": 1, "turned_away_total": 0, "limited_total": 0, "gate closed": 1, "gate open": 0, "gate stopped": 0,
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s is %v (%v), want %v", name, v, ok, want)
		}
	}
}
