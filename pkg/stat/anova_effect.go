package stat

// varianceEffect is the size of the effect of an F test.
func varianceEffect(f, d1, d2 float64, n int, level float64) *Effect {
	return nil
}

// termEffects are the sizes of the effect of a line of an analysis of variance.
func termEffects(f, d1, d2 float64, n int, level float64) []Effect {
	return nil
}

// partialEffect is partial η², from F.
func partialEffect(f, d1, d2 float64, n int, level float64) *Effect {
	return nil
}

// rankEpsilon is the size of the effect of a Kruskal-Wallis test.
func rankEpsilon(h float64, n, k int, level float64) *Effect {
	return nil
}

// concordance is Kendall's W.
func concordance(w float64, n, k int, level float64) *Effect {
	return nil
}
