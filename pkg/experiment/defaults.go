package experiment

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// setDefaults fills in what the text does not say; has tells what it says.
func (s *Spec) setDefaults(has func(path string) bool) {
	s.setDatasetDefaults(has)
	setDefault(&s.Prompt, "{{.input}}", has("prompt"))
	setDefault(&s.Score.Extract, "none", has("score.extract"))
	setDefault(&s.Score.Normalize, "lowercase_trim", has("score.normalize"))
	if !has("score.metrics") {
		s.Score.Metrics = []string{"exact_match"}
	}
	for i := range s.Models {
		s.Models[i].setDefaults(fmt.Sprintf("models[%d].", i), has)
	}
	for i := range s.Conditions {
		c, at := &s.Conditions[i], fmt.Sprintf("conditions[%d].", i)
		setDefault(&c.Vote, "majority", has(at+"vote"))
		setDefault(&c.Execution, "parallel", has(at+"execution"))
		setDefault(&c.Stop, "none", has(at+"stop"))
		setDefault(&c.Hedge.Strategy, "none", has(at+"hedge.strategy"))
	}
	if len(s.Conditions) > 0 {
		setDefault(&s.Control, s.Conditions[0].Name, has("control"))
	}
	if h := s.Hypothesis; h != nil {
		setDefault(&h.Control, s.Control, has("hypothesis.control"))
		setDefault(&h.Alternative, "two-sided", has("hypothesis.alternative"))
	}
	if !has("metrics") {
		s.Metrics = []string{"accuracy", "cost_per_query", "latency_p50", "latency_p99"}
	}
	setDefault(&s.Repeat, 1, has("repeat"))
	setDefault(&s.Clock, "real", has("clock"))
	setDefault(&s.MaxInFlight, DefaultMaxInFlight, has("max_in_flight"))
	setDefault(&s.Budget.USD, "0", has("budget.usd"))
	setDefault(&s.Analysis.Alpha, 0.05, has("analysis.alpha"))
	setDefault(&s.Analysis.Correction, "holm", has("analysis.correction"))
	setDefault(&s.Analysis.Bootstrap, 10_000, has("analysis.bootstrap"))
	if !has("report.formats") {
		s.Report.Formats = []string{"markdown"}
	}
}

func setDefault[T any](p *T, value T, set bool) {
	if !set {
		*p = value
	}
}

func (s *Spec) setDatasetDefaults(has func(string) bool) {
	ext := path.Ext(strings.TrimSuffix(s.Dataset.Path, ".gz"))
	if kind := strings.TrimPrefix(ext, "."); slices.Contains(Supported("dataset.source").Works, kind) {
		setDefault(&s.Dataset.Source, kind, has("dataset.source"))
	}
	setDefault(&s.Dataset.Fields.Input, "input", has("dataset.fields.input"))
	setDefault(&s.Dataset.Fields.Expected, "expected", has("dataset.fields.expected"))
	setDefault(&s.Dataset.Sample.Method, "all", has("dataset.sample.method"))
	setDefault(&s.Dataset.Sample.Seed, s.Seed, has("dataset.sample.seed"))
}

func (m *Model) setDefaults(at string, has func(string) bool) {
	setDefault(&m.Model, m.ID, has(at+"model"))
	switch m.Provider {
	case "recorded":
		setDefault(&m.LatencyUnit, "ms", has(at+"latency_unit") || m.LatencyField == "")
		if m.Fields != nil || m.File != "" {
			if m.Fields == nil {
				m.Fields = new(ModelFields)
			}
			setDefault(&m.Fields.ID, "id", has(at+"fields.id"))
		}
	case "simulated":
		if m.Latency == nil {
			m.Latency = &Latency{Shape: "none"}
		}
	case "exec":
		setDefault(&m.Timeout, Duration(time.Minute), has(at+"timeout"))
	default:
		setDefault(&m.Timeout, Duration(time.Minute), has(at+"timeout"))
		setDefault(&m.Retries, 3, has(at+"retries"))
		setDefault(&m.APIKeyEnv, keyEnvOf(m.Provider), has(at+"api_key_env") || has(at+"api_key_file") || m.BaseURL != "")
	}
}
