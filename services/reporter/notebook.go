package reporter

import (
	_ "embed"
	"fmt"
	"strings"
)

// cells are the notebook's code, a cell after each line "# %%".
//
//go:embed notebook.py
var cells string

// cell is a cell of a notebook, by version 4.5 of its format.
type cell struct {
	ID       string         `json:"id"`
	Type     string         `json:"cell_type"`
	Metadata map[string]any `json:"metadata"`
	Source   []string       `json:"source"`
	// Outputs and Count are those of a code cell that was not run yet.
	Outputs *[]any `json:"outputs,omitempty"`
	Count   *null  `json:"execution_count,omitempty"`
}

type null struct{}

// MarshalJSON implements json.Marshaler.
func (*null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// Notebook is a Jupyter notebook that computes every table again from results.csv,
// with pandas and SciPy, and fails where a number is not the one of analysis.json.
// Text of users and models stands in Markdown cells only, escaped.
func (d *Document) Notebook() ([]byte, error) {
	intro := Document{Title: d.Title}
	for _, b := range d.Blocks {
		if h, ok := b.(Heading); ok && h.Level == 2 && h.Text != "Summary" {
			break
		}
		intro.Blocks = append(intro.Blocks, b)
	}
	intro.Blocks = append(intro.Blocks, Paragraph{say("What follows reads %s and computes the tables again. Each cell stops where a number differs from %s.", code("results.csv"), code("analysis.json"))})
	out := []cell{{ID: "report", Type: "markdown", Metadata: map[string]any{}, Source: lines(string(intro.Markdown()))}}
	titles := []string{"The data", "Accuracy", "Latency and consensus", "Comparisons with the control", "Correction for many tests"}
	parts := strings.Split(cells, "# %%\n")[1:]
	if len(parts) != len(titles) {
		return nil, fmt.Errorf("report: the notebook has %d cells and %d titles", len(parts), len(titles))
	}
	for i, part := range parts {
		out = append(out,
			cell{ID: fmt.Sprintf("title-%d", i+1), Type: "markdown", Metadata: map[string]any{}, Source: []string{"## " + titles[i]}},
			cell{ID: fmt.Sprintf("code-%d", i+1), Type: "code", Metadata: map[string]any{}, Source: lines(part), Outputs: &[]any{}, Count: &null{}})
	}
	return indented(map[string]any{
		"cells": out,
		"metadata": map[string]any{
			"kernelspec":    map[string]any{"display_name": "Python 3", "language": "python", "name": "python3"},
			"language_info": map[string]any{"name": "python"},
		},
		"nbformat": 4, "nbformat_minor": 5,
	})
}

// lines are those of a text, each with its end, as notebooks store them.
func lines(s string) []string {
	return strings.SplitAfter(strings.TrimRight(s, "\n"), "\n")
}
