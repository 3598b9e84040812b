package stat

// Matched is how the items of two conditions pair up.
type Matched struct {
	// Pairs holds, for each item of both, its place in the control and in the
	// treatment, in the order of the control.
	Pairs [][2]int
	// OnlyControl and OnlyTreatment are the items without a partner, in order.
	OnlyControl, OnlyTreatment []string
}

// Match pairs two conditions by the names of their items. Conditions with common
// items are to be compared by pairs, and the items without a partner to be
// reported. It refuses a name that stands twice in one condition.
func Match(control, treatment []string) (Matched, error) {
	at := make(map[string]int, len(treatment))
	for i, name := range treatment {
		if before, twice := at[name]; twice {
			return Matched{}, refuse("match", Invalid, len(treatment), 0, "the treatment has item %q twice, as %d and %d", name, before, i)
		}
		at[name] = i
	}
	var out Matched
	seen := make(map[string]int, len(control))
	for i, name := range control {
		if before, twice := seen[name]; twice {
			return Matched{}, refuse("match", Invalid, len(control), 0, "the control has item %q twice, as %d and %d", name, before, i)
		}
		seen[name] = i
		if j, ok := at[name]; ok {
			out.Pairs = append(out.Pairs, [2]int{i, j})
		} else {
			out.OnlyControl = append(out.OnlyControl, name)
		}
	}
	for _, name := range treatment {
		if _, ok := seen[name]; !ok {
			out.OnlyTreatment = append(out.OnlyTreatment, name)
		}
	}
	return out, nil
}
