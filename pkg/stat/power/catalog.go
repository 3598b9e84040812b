package power

import (
	"errors"
	"slices"
	"strings"

	"github.com/crucible-go/crucible/pkg/stat"
)

// Entry is a design by name, for programs that choose one by name.
type Entry struct {
	// Name is what a caller asks for, such as "paired_t".
	Name string `json:"name"`
	// Title says in a line what is planned.
	Title string `json:"title"`
	// Methods lists the values of the key "method", the default first.
	Methods []string `json:"methods,omitempty"`
	// Keys lists the settings it takes besides n, power, alpha and method.
	Keys []Key `json:"settings"`
	// OneSided says that it takes an alternative.
	OneSided bool `json:"one_sided"`

	build func(settings) (problem, error)
}

// Key is a setting of a design.
type Key struct {
	Name string `json:"name"`
	// Default is empty where the setting must be given or solved for.
	Default string `json:"default,omitempty"`
	// Doc says what it is, with range.
	Doc string `json:"doc"`
}

// problem is a design with what is known of the effect.
type problem struct {
	design Design
	// name is that of the effect; value its size, if known.
	name  string
	value float64
	known bool
	// method as the output names it, and the alternative, empty if there is none.
	method      string
	alternative stat.Alternative
	// groups is how many groups of n there are in all, given n.
	total func(n int) int
	// details are further numbers, given the effect.
	details  func(n, effect float64) map[string]float64
	warnings []string
}

// Effect is a size of effect.
type Effect struct {
	Name     string  `json:"name"`
	Estimate float64 `json:"estimate"`
}

// Output is a plan as programs read it: what was given and what was solved for.
type Output struct {
	Test string `json:"test"`
	// N is the number of observations in a group, or of pairs, whole; NTotal that in
	// all groups.
	N      int `json:"n"`
	NTotal int `json:"n_total"`
	// Power is that of N.
	Power       float64            `json:"power"`
	Effect      *Effect            `json:"effect"`
	Alpha       float64            `json:"alpha"`
	Alternative string             `json:"alternative,omitempty"`
	Method      string             `json:"method"`
	Details     map[string]float64 `json:"details"`
	Warnings    []string           `json:"warnings"`
	// Solved names what was solved for: "n", "power" or "effect".
	Solved string `json:"solved,omitempty"`
	// Refused says why there is no answer, or is empty; Reason is its class.
	Refused string `json:"refused"`
	Reason  string `json:"reason,omitempty"`
}

// All returns every design in order of name.
func All() []Entry {
	all := []Entry{tEntry(), pairedEntry(), oneSampleEntry(), anovaEntry(), chiSquareEntry(),
		correlationEntry(), proportionsEntry(), mcnemarEntry()}
	slices.SortFunc(all, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Lookup returns the design of a name.
func Lookup(name string) (Entry, bool) {
	for _, e := range All() {
		if e.Name == name {
			return e, true
		}
	}
	return Entry{}, false
}

// Do solves for whichever of n, power and the effect is absent from the settings,
// exactly one of the three. A refusal is an output that says so.
func (e Entry) Do(set map[string]string) (Output, error) {
	out, err := e.solve(settings{e.Name, set})
	var refused *stat.Refusal
	if errors.As(err, &refused) {
		named := *refused
		named.Method = e.Name
		return Output{Test: e.Name, Method: set["method"], Details: map[string]float64{}, Warnings: []string{},
			Refused: named.Error(), Reason: string(named.Reason)}, nil
	}
	return out, err
}

// solve is Do with refusals as errors.
func (e Entry) solve(s settings) (Output, error) {
	if err := s.check(e); err != nil {
		return Output{}, err
	}
	p, err := e.build(s)
	if err != nil {
		return Output{}, err
	}
	n, hasN, err := s.observations()
	if err != nil {
		return Output{}, err
	}
	target, hasPower, err := s.number("power", 0)
	if err != nil {
		return Output{}, err
	}
	if err := s.oneMissing(e, hasN, hasPower, p.known); err != nil {
		return Output{}, err
	}
	alpha, err := s.alpha()
	if err != nil {
		return Output{}, err
	}
	out := Output{Test: e.Name, Alpha: alpha, Alternative: string(p.alternative), Method: p.method,
		Details: map[string]float64{}, Warnings: append([]string{}, p.warnings...)}
	effect := p.value
	switch {
	case !hasN:
		size, err := SampleSize(p.design, effect, target)
		if err != nil {
			return Output{}, err
		}
		out.Solved, n, out.Power = "n", size.N, size.Power
		if size.Exact > 0 {
			out.Details["n_exact"] = size.Exact
		}
		out.Details["power_wanted"] = target
	case !hasPower:
		points, err := Curve(p.design, effect, []int{n})
		if err != nil {
			return Output{}, err
		}
		out.Solved, out.Power = "power", points[0].Power
	default:
		if effect, err = Detectable(p.design, float64(n), target); err != nil {
			return Output{}, err
		}
		out.Solved, out.Power = "effect", p.design.Power(float64(n), effect)
	}
	if !(out.Power >= 0 && out.Power <= 1) {
		return Output{}, refuse(stat.Invalid, "an effect of %g is impossible here", effect)
	}
	out.N, out.NTotal = n, p.total(n)
	out.Effect = &Effect{Name: p.name, Estimate: effect}
	if p.details != nil {
		for name, value := range p.details(float64(n), effect) {
			out.Details[name] = value
		}
	}
	if l := p.design.limits(); l.whole && out.Solved == "n" {
		out.Warnings = append(out.Warnings, "the power of an exact test on counts goes up and down with n: a larger n may have a little less")
	}
	return out, nil
}

// Curve returns the power of a design for the effect in the settings, which must
// be given, for n from one number to another in steps.
func (e Entry) Curve(set map[string]string, from, to, step int) ([]Point, error) {
	s := settings{e.Name, set}
	if err := s.check(e); err != nil {
		return nil, err
	}
	p, err := e.build(s)
	if err != nil {
		return nil, err
	}
	switch {
	case !p.known:
		return nil, refuse(stat.BadOption, "a curve needs the effect")
	case step < 1 || from > to || (to-from)/step > 10000:
		return nil, refuse(stat.BadOption, "no range of n from %d to %d in steps of %d", from, to, step)
	}
	var ns []int
	for n := from; n <= to; n += step {
		ns = append(ns, n)
	}
	return Curve(p.design, p.value, ns)
}
