package catalog

// bayes holds Bayes factors, posterior intervals, meta-analysis.
func bayes() []Entry {
	return nil
}
