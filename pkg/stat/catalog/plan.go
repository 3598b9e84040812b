package catalog

import (
	"errors"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat"
)

// PlanOutput is a plan as programs read it.
type PlanOutput struct {
	Test         string      `json:"test"`
	Method       string      `json:"method"`
	Effect       string      `json:"effect"`
	Interval     string      `json:"interval"`
	PostHoc      string      `json:"post_hoc"`
	Adjust       string      `json:"adjust"`
	Why          string      `json:"why"`
	Alternatives []Alternate `json:"alternatives"`
	// InsteadOf is the test that the design calls for, where another was asked for.
	InsteadOf string `json:"instead_of"`
	// LeastP is the smallest p-value that the number of items allows, if one is known.
	LeastP   *float64 `json:"least_p"`
	Warnings []string `json:"warnings"`
	Refused  string   `json:"refused"`
	Reason   string   `json:"reason,omitempty"`
	Need     int      `json:"need,omitempty"`
}

// Alternate is a test that was not chosen, and when it would be.
type Alternate struct {
	Test string `json:"test"`
	Why  string `json:"why"`
}

// PlanKeys are the settings of Plan.
func PlanKeys() []Key {
	return []Key{
		{Name: "outcome", Doc: "what is measured: binary, nominal, ordinal, count, continuous or latency"},
		{Name: "groups", Default: "2", Doc: "how many conditions are compared; 1 is compared with a fixed value"},
		{Name: "paired", Default: "false", Doc: "true if every condition sees the same items"},
		{Name: "n", Default: "0", Doc: "items of a group, or pairs; 0 if it is not known yet"},
		{Name: "clusters", Default: "0", Doc: "clusters that the items come from; 0 if items are independent"},
		{Name: "quantile", Default: "0", Doc: "the quantile to compare, such as 0.99; 0 compares means or locations"},
		{Name: "control", Default: "false", Doc: "true to compare each group with the first only"},
		{Name: "goal", Default: "difference", Doc: "difference, equivalence or non_inferiority"},
		{Name: "one_sided", Default: "false", Doc: "true if the hypothesis names a direction"},
		{Name: "alpha", Default: "0.05", Doc: "level of the tests, in (0, 1)"},
		{Name: "family", Default: "1", Doc: "how many tests are adjusted together"},
		{Name: "test", Doc: "the test to use instead of the one the design calls for; the plan says so"},
	}
}

// Plan chooses the test that a design calls for. A refusal is an output that says so.
func Plan(s Settings) PlanOutput {
	var c stat.Choice
	d, err := design(s)
	if err == nil {
		c, err = stat.Plan(d)
	}
	var refused *stat.Refusal
	if errors.As(err, &refused) {
		return PlanOutput{Alternatives: []Alternate{}, Warnings: []string{}, Refused: refused.Error(), Reason: string(refused.Reason), Need: refused.Need}
	}
	out := PlanOutput{Test: c.Test, Method: c.Method, Effect: c.Effect, Interval: c.Interval, PostHoc: c.PostHoc, Adjust: c.Adjust,
		Why: c.Why, Alternatives: []Alternate{}, InsteadOf: c.InsteadOf, Warnings: some(c.Warnings)}
	for _, a := range c.Alternatives {
		out.Alternatives = append(out.Alternatives, Alternate(a))
	}
	if c.LeastP > 0 {
		out.LeastP = &c.LeastP
	}
	return out
}

// design reads a design from settings.
func design(s Settings) (d stat.Design, err error) {
	known := PlanKeys()
	for name := range s {
		if !slices.ContainsFunc(known, func(k Key) bool { return k.Name == name }) {
			return d, refusal("plan", "it has no setting %q", name)
		}
	}
	whole := func(name string, missing int) int {
		n, wrong := s.Int("plan", name, missing)
		err = errors.Join(err, wrong)
		return n
	}
	real := func(name string, missing float64) float64 {
		x, wrong := s.Float("plan", name, missing)
		err = errors.Join(err, wrong)
		return x
	}
	yes := func(name string) bool {
		b, wrong := s.Bool("plan", name, false)
		err = errors.Join(err, wrong)
		return b
	}
	d = stat.Design{Outcome: stat.Outcome(s["outcome"]), Groups: whole("groups", 2), Paired: yes("paired"), N: whole("n", 0),
		Clusters: whole("clusters", 0), Quantile: real("quantile", 0), WithControl: yes("control"), Goal: stat.Goal(s["goal"]),
		OneSided: yes("one_sided"), Alpha: real("alpha", 0), Family: whole("family", 1), Override: s["test"]}
	if _, ok := s["alpha"]; ok && d.Alpha == 0 && err == nil {
		err = refusal("plan", "alpha 0 is outside (0, 1)")
	}
	return d, err
}
