package catalog

import (
	"errors"
	"math"

	"github.com/crucible-go/crucible/pkg/stat"
)

// Output is a result as programs read it.
type Output struct {
	Test string `json:"test"`
	// Statistic is absent (null) from a procedure that tests nothing.
	Statistic *float64  `json:"statistic"`
	DF        []float64 `json:"df"`
	// P is never 0: below 1e-300 it is 1e-300, and PText and LogP say more.
	P     *float64 `json:"p"`
	PText string   `json:"p_text,omitempty"`
	LogP  *float64 `json:"log_p,omitempty"`
	// Estimate is the middle of Interval.
	Estimate    *float64     `json:"estimate"`
	Interval    *Interval    `json:"interval"`
	Effect      *Effect      `json:"effect"`
	N           []int        `json:"n"`
	Method      string       `json:"method"`
	Alternative string       `json:"alternative,omitempty"`
	Comparisons []Comparison `json:"comparisons,omitempty"`
	Terms       []Term       `json:"terms,omitempty"`
	Adjusted    []float64    `json:"adjusted,omitempty"`
	// Details are further numbers by name.
	Details  map[string]float64 `json:"details,omitempty"`
	Warnings []string           `json:"warnings"`
	// Refused says why there is no answer, or is empty; Reason is its class.
	Refused string `json:"refused"`
	Reason  string `json:"reason,omitempty"`
	// Need is the number of observations with which there would be an answer.
	Need int `json:"need,omitempty"`
}

// Interval is a range with its confidence.
type Interval struct {
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Level float64 `json:"level"`
	// Attained is the confidence that is certain, where it is known.
	Attained float64 `json:"attained,omitempty"`
	Method   string  `json:"method,omitempty"`
}

// Effect is the size of an effect. Low and High are null where the procedure gives
// an estimate alone.
type Effect struct {
	Name     string   `json:"name"`
	Estimate float64  `json:"estimate"`
	Low      *float64 `json:"low"`
	High     *float64 `json:"high"`
}

// Comparison is that of group B with group A, both counted from 0.
type Comparison struct {
	A         int       `json:"a"`
	B         int       `json:"b"`
	Estimate  *float64  `json:"estimate"`
	Interval  *Interval `json:"interval"`
	Statistic float64   `json:"statistic"`
	DF        []float64 `json:"df"`
	P         float64   `json:"p"`
	LogP      float64   `json:"log_p"`
	Effect    *Effect   `json:"effect,omitempty"`
}

// Term is a line of an analysis of variance.
type Term struct {
	Name    string    `json:"name"`
	SumSq   float64   `json:"sum_sq"`
	DF      []float64 `json:"df"`
	F       float64   `json:"f"`
	P       float64   `json:"p"`
	LogP    float64   `json:"log_p"`
	Effects []Effect  `json:"effects,omitempty"`
}

// Do checks the settings and runs the procedure. A refusal is an output that says
// so; an error is anything else.
func (e Entry) Do(d Data, s Settings) (Output, error) {
	var r stat.Result
	err := e.Check(s)
	if err == nil {
		r, err = e.Run(d, s)
	}
	var refused *stat.Refusal
	if err == nil && !sound(r) {
		err = &stat.Refusal{Method: e.Name, Reason: stat.NotFinite, Detail: "the values are too large or too small to compute with"}
	}
	if errors.As(err, &refused) {
		return Output{Test: e.Name, DF: []float64{}, N: []int{}, Method: s["method"], Warnings: []string{},
			Refused: refused.Error(), Reason: string(refused.Reason), Need: refused.Need}, nil
	}
	if err != nil {
		return Output{}, err
	}
	return NewOutput(e.Name, r), nil
}

// sound reports whether every number of a result is finite: what a caller reads
// holds no NaN, whatever the data were.
func sound(r stat.Result) bool {
	ok := true
	check := func(values ...float64) {
		for _, v := range values {
			ok = ok && v-v == 0
		}
	}
	within := func(i *stat.Interval) {
		if i != nil {
			check(i.Estimate, i.Low, i.High, i.Level, i.Attained)
		}
	}
	size := func(e *stat.Effect) {
		if e != nil {
			within(&e.Interval)
		}
	}
	check(r.Statistic, r.P, r.LogP)
	check(r.DF...)
	check(r.Adjusted...)
	within(r.Interval)
	size(r.Effect)
	for _, c := range r.Comparisons {
		check(c.Statistic, c.P, c.LogP)
		check(c.DF...)
		within(c.Interval)
		size(c.Effect)
	}
	for _, t := range r.Terms {
		check(t.SumSq, t.F, t.P, t.LogP)
		check(t.DF...)
		for i := range t.Effect {
			size(&t.Effect[i])
		}
	}
	for _, d := range r.Details {
		check(d.Value)
	}
	return ok
}

// NewOutput returns a result as programs read it, under the name it was asked for.
func NewOutput(name string, r stat.Result) Output {
	out := Output{Test: name, DF: some(r.DF), N: some(r.N), Method: r.Method, Alternative: string(r.Alternative),
		Adjusted: r.Adjusted, Warnings: some(r.Warnings)}
	if r.P > 0 || r.Statistic != 0 {
		out.Statistic = &r.Statistic
	}
	if r.P > 0 {
		out.P, out.LogP = &r.P, &r.LogP
		if r.LogP < math.Log(stat.SmallestP) {
			out.PText = "< 1e-300"
		}
	}
	out.Estimate, out.Interval = interval(r.Interval)
	out.Effect = effect(r.Effect)
	for _, c := range r.Comparisons {
		o := Comparison{A: c.A, B: c.B, Statistic: c.Statistic, DF: some(c.DF), P: c.P, LogP: c.LogP, Effect: effect(c.Effect)}
		o.Estimate, o.Interval = interval(c.Interval)
		out.Comparisons = append(out.Comparisons, o)
	}
	for _, t := range r.Terms {
		o := Term{Name: t.Name, SumSq: t.SumSq, DF: some(t.DF), F: t.F, P: t.P, LogP: t.LogP}
		for i := range t.Effect {
			o.Effects = append(o.Effects, *effect(&t.Effect[i]))
		}
		out.Terms = append(out.Terms, o)
	}
	for _, d := range r.Details {
		if out.Details == nil {
			out.Details = map[string]float64{}
		}
		out.Details[d.Name] = d.Value
	}
	return out
}

func interval(i *stat.Interval) (*float64, *Interval) {
	if i == nil {
		return nil, nil
	}
	estimate := i.Estimate
	if i.Level == 0 {
		return &estimate, nil // an estimate alone
	}
	return &estimate, &Interval{Low: i.Low, High: i.High, Level: i.Level, Attained: i.Attained, Method: i.Method}
}

func effect(e *stat.Effect) *Effect {
	if e == nil {
		return nil
	}
	out := &Effect{Name: e.Name, Estimate: e.Estimate}
	if e.Level != 0 {
		out.Low, out.High = &e.Low, &e.High
	}
	return out
}

// some returns the list, or an empty one for nil, so that JSON has [] and not null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
