package power

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/crucible-go/crucible/pkg/stat"
)

// settings are what is known of a plan, as text by name.
type settings struct {
	test string
	set  map[string]string
}

// check refuses settings that the design does not take.
func (s settings) check(e Entry) error {
	known := []string{"n", "power", "alpha"}
	if len(e.Methods) > 0 {
		known = append(known, "method")
	}
	if e.OneSided {
		known = append(known, "alternative")
	}
	for _, k := range e.Keys {
		known = append(known, k.Name)
	}
	names := make([]string, 0, len(s.set))
	for name := range s.set {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !slices.Contains(known, name) {
			slices.Sort(known)
			return refuse(stat.BadOption, "it has no setting %q: want one of %s", name, strings.Join(known, ", "))
		}
	}
	if m := s.set["method"]; m != "" && !slices.Contains(e.Methods, m) {
		return refuse(stat.BadOption, "method %q is not one of %s", m, strings.Join(e.Methods, ", "))
	}
	return nil
}

// has reports whether a setting is given.
func (s settings) has(name string) bool { _, ok := s.set[name]; return ok }

// number returns a setting as a finite number, and whether it is given.
func (s settings) number(name string, missing float64) (x float64, given bool, err error) {
	text, ok := s.set[name]
	if !ok {
		return missing, false, nil
	}
	x, err = strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || x-x != 0 {
		return 0, true, refuse(stat.BadOption, "%s %q is not a finite number", name, text)
	}
	return x, true, nil
}

// numbers reads several settings; names and defaults stand side by side.
func (s settings) numbers(names []string, into []*float64) error {
	for i, name := range names {
		x, given, err := s.number(name, 0)
		if err != nil {
			return err
		}
		if given {
			*into[i] = x
		}
	}
	return nil
}

// observations returns n.
func (s settings) observations() (n int, given bool, err error) {
	x, given, err := s.number("n", 0)
	switch {
	case err != nil || !given:
		return 0, given, err
	case x != math.Floor(x) || x < 1 || x > 1e15:
		return 0, true, refuse(stat.BadOption, "n %q is not a whole number above 0", s.set["n"])
	}
	return int(x), true, nil
}

// alpha returns the level of the test, 0.05 unless given.
func (s settings) alpha() (float64, error) {
	a, _, err := s.number("alpha", 0.05)
	if err == nil && !(a > 0 && a < 1) {
		err = refuse(stat.BadOption, "alpha %v is outside (0, 1)", a)
	}
	return a, err
}

// side returns the alternative.
func (s settings) side() (stat.Alternative, error) {
	a := stat.Alternative(strings.NewReplacer("-", "_", ".", "_").Replace(s.set["alternative"]))
	if a == "" {
		a = stat.TwoSided
	}
	return a, checkLevel(0.5, a)
}

// method returns the method, or the default of the design.
func (s settings) method(missing string) string {
	if m := s.set["method"]; m != "" {
		return m
	}
	return missing
}

// oneMissing refuses unless exactly one of n, power and effect is to be solved.
func (s settings) oneMissing(e Entry, n, power, effect bool) error {
	missing := 0
	for _, given := range []bool{n, power, effect} {
		if !given {
			missing++
		}
	}
	if missing == 1 {
		return nil
	}
	names := make([]string, len(e.Keys))
	for i, k := range e.Keys {
		names[i] = k.Name
	}
	return refuse(stat.BadOption, "give two of n, power and the effect, and the third is solved: %d of them are absent (settings: %s)",
		missing, strings.Join(names, ", "))
}
