// Package catalog names every procedure of package stat for programs that choose
// one by name: what data and settings it takes, its methods with the default
// first, and how to run it.
package catalog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/crucible-go/crucible/pkg/stat"
)

// Entry is a procedure.
type Entry struct {
	// Name is what a caller asks for, such as "welch_t".
	Name string `json:"name"`
	// Title says in a line what it answers.
	Title string `json:"title"`
	// Input lists the forms of data it takes, the usual one first.
	Input []Form `json:"input"`
	// Methods lists the values of the setting "method", the default first.
	Methods []string `json:"methods,omitempty"`
	// Keys lists the other settings it takes besides alternative, level and method.
	Keys []Key `json:"settings,omitempty"`
	// OneSided says that it takes an alternative.
	OneSided bool `json:"one_sided"`
	// Run runs it.
	Run func(Data, Settings) (stat.Result, error) `json:"-"`
}

// MarshalJSON writes an entry as programs read it: no list is null, and the
// default method has a key of its own.
func (e Entry) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name          string   `json:"name"`
		Title         string   `json:"title"`
		Input         []Form   `json:"input"`
		Methods       []string `json:"methods"`
		DefaultMethod string   `json:"default_method"`
		Settings      []Key    `json:"settings"`
		OneSided      bool     `json:"one_sided"`
	}{e.Name, e.Title, some(e.Input), some(e.Methods), e.DefaultMethod(), some(e.Keys), e.OneSided})
}

// DefaultMethod returns the method that is used where none is asked for, or "".
func (e Entry) DefaultMethod() string {
	if len(e.Methods) == 0 {
		return ""
	}
	return e.Methods[0]
}

// Settings returns the names of the settings that the procedure may be given, in
// order.
func (e Entry) Settings() []string {
	names := slices.Clone(common)
	for _, k := range e.Keys {
		if !slices.Contains(names, k.Name) {
			names = append(names, k.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Key is a setting of a procedure.
type Key struct {
	Name string `json:"name"`
	// Default is empty where the setting must be given.
	Default string `json:"default,omitempty"`
	// Doc says what it is, with unit and range.
	Doc string `json:"doc"`
}

// Form is a shape of data.
type Form string

// The forms, as the JSON keys they are read from.
const (
	FormGroups Form = "groups"
	FormXY     Form = "x,y"
	FormX      Form = "x"
	FormTable  Form = "table"
	FormPairs  Form = "pairs"
	FormBlocks Form = "blocks"
	FormP      Form = "p"
	// FormFactors is {"y": […], "a": […], "b": […]}.
	FormFactors Form = "y,a,b"
	// FormMixed is {"blocks": [[…], …], "a": […]}: subjects with their groups.
	FormMixed Form = "blocks,a"
	// FormCovariate is {"y": […], "a": […], "covariate": […]}.
	FormCovariate Form = "y,a,covariate"
	// FormEffects is {"x": […], "variances": […]}.
	FormEffects Form = "x,variances"
)

// Example returns the form as it looks in JSON.
func (f Form) Example() string {
	switch f {
	case FormGroups, FormTable, FormPairs, FormBlocks:
		return fmt.Sprintf(`{%q: [[…], […]]}`, f)
	}
	keys := strings.Split(string(f), ",")
	for i, k := range keys {
		keys[i] = fmt.Sprintf("%q: […]", k)
	}
	return "{" + strings.Join(keys, ", ") + "}"
}

// All returns every procedure in order of name.
func All() []Entry {
	all := slices.Concat(location(), variance(), categorical(), assumptions(), posthoc(),
		effects(), association(), resampling(), evaluation(), sequential(), bayes())
	slices.SortFunc(all, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Lookup returns the procedure of a name.
func Lookup(name string) (Entry, bool) {
	for _, e := range All() {
		if e.Name == name {
			return e, true
		}
	}
	return Entry{}, false
}
