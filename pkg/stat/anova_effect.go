package stat

// fEffect is the size of the effect of an F test as share of variance, with the
// interval of the noncentral F distribution; nil where F is too large for one.
func fEffect(name string, f, d1, d2, level float64) *Effect {
	e, err := sizeOfF(name, f, d1, d2, Options{Level: level}, etaSquared)
	if err != nil {
		return nil
	}
	e.Warnings = nil
	return &e
}

// termEffects are the sizes of the effect of a line of an analysis of variance.
func termEffects(f, d1, d2, level float64) []Effect {
	if e := fEffect("partial_eta_squared", f, d1, d2, level); e != nil {
		return []Effect{*e}
	}
	return nil
}

// estimateOnly is a size of an effect without interval.
func estimateOnly(name string, estimate float64, n int) *Effect {
	return &Effect{Name: name, Interval: Interval{Estimate: estimate, N: n}}
}
