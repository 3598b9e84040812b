package power

import (
	"strings"
	"testing"
)

// TestNames looks up the names that a program may rely on, each with its default
// method and settings that are described.
func TestNames(t *testing.T) {
	for _, name := range strings.Fields("t paired_t anova two_proportions mcnemar correlation chi_square") {
		e, ok := Lookup(name)
		if !ok || len(e.Methods) == 0 || e.Title == "" {
			t.Errorf("%s is not there, or without its methods: %+v", name, e)
		}
		for _, k := range e.Keys {
			if k.Doc == "" {
				t.Errorf("%s: the setting %s is not described", name, k.Name)
			}
		}
	}
}
