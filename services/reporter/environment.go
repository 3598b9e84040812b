package reporter

import (
	"runtime"
	"slices"
	"time"

	"github.com/crucible-go/crucible/pkg/events"
)

// Environment is the content of environment.json: what two runs of one spec may
// differ in.
type Environment struct {
	Run    string `json:"run"`
	Name   string `json:"name"`
	State  string `json:"state"` // of the run: complete | partial | cancelled | failed
	Reason string `json:"reason,omitempty"`
	// Wall times by the log's clock, in UTC.
	RequestedAt string `json:"requested_at"`
	PlannedAt   string `json:"planned_at"`
	EndedAt     string `json:"ended_at"`
	WallNS      int64  `json:"wall_ns"` // from planned to ended

	SpecHash     string `json:"spec_hash"`
	DatasetHash  string `json:"dataset_hash"`
	AnalysisHash string `json:"analysis_hash"`
	LogSequence  uint64 `json:"log_sequence"` // up to which the run's stream was analysed
	Durability   string `json:"durability"`   // of the log: always | interval

	Versions Versions `json:"versions"`
	Host     Host     `json:"host"`

	CostUSD        string                `json:"cost_usd"`
	CostRange      *events.CostRange     `json:"cost_range,omitempty"` // where it is not known exactly
	UnpricedCalls  int                   `json:"unpriced_calls"`
	PriceTable     string                `json:"price_table"` // version, "" if none was used
	Calls          events.CallTotals     `json:"calls"`
	DeadLetters    int                   `json:"dead_letters"`
	PossiblyBilled []events.BilledTwice  `json:"possibly_billed"`
	ServedModels   []events.ServedModels `json:"served_models"`
	Simulated      []string              `json:"simulated"`
	Recorded       []string              `json:"recorded"`
}

// Versions are those of the programs that took part.
type Versions struct {
	Crucible   string `json:"crucible"` // of the reporter
	Dispatcher string `json:"dispatcher"`
	Go         string `json:"go"`
	ClickHouse string `json:"clickhouse"`
	NATS       string `json:"nats"` // of the library; an embedded server has the same
}

// Host is the machine that wrote the report.
type Host struct {
	OS    string `json:"os"`
	Arch  string `json:"arch"`
	Cores int    `json:"cores"`
}

func (d *Deps) environment(src *source) Environment {
	e, end := src.ended, &src.ended.End
	env := Environment{
		Run: e.ID, Name: e.Planned.Name, State: end.State, Reason: end.Reason,
		RequestedAt: stamp(src.times.requested), PlannedAt: stamp(src.times.planned), EndedAt: stamp(src.times.ended),
		SpecHash: e.Planned.SpecHash, DatasetHash: e.Planned.DatasetHash, AnalysisHash: hashOf(src.body),
		LogSequence: end.Sequence, Durability: d.Log.Durability(),
		Versions: Versions{Crucible: d.Version, Dispatcher: e.Planned.Version, Go: runtime.Version(), ClickHouse: d.Store.Version(), NATS: d.Log.ServerVersion()},
		Host:     Host{OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU()},
		CostUSD:  end.CostUSD, CostRange: end.CostRange, UnpricedCalls: end.Calls.Unpriced, PriceTable: e.Planned.PriceTable,
		Calls: end.Calls, DeadLetters: end.DeadLetters,
		PossiblyBilled: orEmpty(end.PossiblyBilled), ServedModels: orEmpty(end.Models),
		Simulated: simulated(e.Planned.Simulated, end.Simulated), Recorded: orEmpty(e.Planned.Recorded),
	}
	if !src.times.planned.IsZero() && src.times.ended.After(src.times.planned) {
		env.WallNS = src.times.ended.Sub(src.times.planned).Nanoseconds()
	}
	return env
}

// simulated are the models that the plan or an answer says are simulated.
func simulated(planned, answered []string) []string {
	out := slices.Concat(planned, answered)
	slices.Sort(out)
	return orEmpty(slices.Compact(out))
}

// orEmpty makes a list that is absent an empty one.
func orEmpty[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}
