package catalog

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/crucible-go/crucible/pkg/stat"
)

// Settings are the options of a procedure as text, by name.
type Settings map[string]string

// common are the settings that every procedure may be given.
var common = []string{"alternative", "level", "method", "mu", "seed", "replicates", "workers"}

// Check refuses settings that the procedure does not take.
func (e Entry) Check(s Settings) error {
	known := e.Settings()
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if !slices.Contains(known, name) {
			return refusal(e.Name, "it has no setting %q: want one of %s", name, strings.Join(known, ", "))
		}
	}
	if a := alternative(s["alternative"]); !e.OneSided && a != "" && a != stat.TwoSided {
		return refusal(e.Name, "it has no direction: alternative %q is not two_sided", s["alternative"])
	}
	return nil
}

// alternative reads an alternative in the spellings of other programs too.
func alternative(text string) stat.Alternative {
	return stat.Alternative(strings.NewReplacer("-", "_", ".", "_").Replace(text))
}

// Options returns the settings that procedures have in common.
func (s Settings) Options(test string) (stat.Options, error) {
	o := stat.Options{Alternative: alternative(s["alternative"]), Method: s["method"]}
	var err error
	read := func(name string, into *float64) {
		if _, ok := s[name]; ok && err == nil {
			*into, err = s.Float(test, name, 0)
		}
	}
	whole := func(name string, into *int) {
		if _, ok := s[name]; ok && err == nil {
			*into, err = s.Int(test, name, 0)
		}
	}
	read("level", &o.Level)
	read("mu", &o.Mu)
	whole("replicates", &o.Replicates)
	whole("workers", &o.Workers)
	if text, ok := s["seed"]; ok && err == nil {
		if o.Seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			err = refusal(test, "seed %q is not a whole number from 0 to 2^64 - 1", text)
		}
	}
	if _, ok := s["level"]; ok && o.Level == 0 && err == nil {
		err = refusal(test, "level 0 is outside (0, 1)")
	}
	return o, err
}

// Float returns a setting as a finite number, or the default where it is absent.
func (s Settings) Float(test, name string, missing float64) (float64, error) {
	text, ok := s[name]
	if !ok {
		return missing, nil
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, refusal(test, "%s %q is not a finite number", name, text)
	}
	return x, nil
}

// Need returns a setting that must be given.
func (s Settings) Need(test, name string) (float64, error) {
	if _, ok := s[name]; !ok {
		return 0, refusal(test, "it needs the setting %s", name)
	}
	return s.Float(test, name, 0)
}

// Int returns a setting as a whole number, or the default where it is absent.
func (s Settings) Int(test, name string, missing int) (int, error) {
	text, ok := s[name]
	if !ok {
		return missing, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, refusal(test, "%s %q is not a whole number", name, text)
	}
	return n, nil
}

// Bool returns a setting as true or false, or the default where it is absent.
func (s Settings) Bool(test, name string, missing bool) (bool, error) {
	text, ok := s[name]
	if !ok {
		return missing, nil
	}
	switch strings.ToLower(text) {
	case "true", "yes", "1":
		return true, nil
	case "false", "no", "0":
		return false, nil
	}
	return false, refusal(test, "%s %q is neither true nor false", name, text)
}

func refusal(test, format string, args ...any) error {
	return &stat.Refusal{Method: test, Reason: stat.BadOption, Detail: fmt.Sprintf(format, args...)}
}
