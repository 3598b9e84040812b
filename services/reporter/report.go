package reporter

import (
	"github.com/crucible-go/crucible/pkg/analysis"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// Report is everything that a report says, whatever its format. Its sentences
// are functions of it and of nothing else.
type Report struct {
	Spec        *experiment.Spec
	Analysis    *analysis.Analysis
	Environment Environment
	Failures    []Failures
}

func (r *Report) Markdown() []byte { return nil }
