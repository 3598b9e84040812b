package stat

import "math"

// Band is a range of the size of an effect that the literature has a word for,
// from the size From to the next band. It is a convention for want of anything
// better: what size matters is a question of the subject, not of statistics.
type Band struct {
	Name string
	// From is the least absolute size of the band; of a ratio, the least of the
	// ratio and its inverse.
	From float64
}

// Convention is a set of bands and where it comes from.
type Convention struct {
	Bands []Band
	// Ratio says that 1, not 0, means that there is no effect.
	Ratio  bool
	Source string
}

const cohen1988 = "Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, 2nd edition"

// Bands returns the convention for the measure of a name, such as "cohens_d";
// false if there is none.
func Bands(name string) (Convention, bool) {
	sized := func(small, medium, large float64) []Band {
		return []Band{{"negligible", 0}, {"small", small}, {"medium", medium}, {"large", large}}
	}
	switch name {
	case "cohens_d", "hedges_g", "glass_delta", "cohens_dz", "cohens_dav":
		return Convention{Bands: sized(0.2, 0.5, 0.8), Source: cohen1988 + ", section 2.2"}, true
	case "cohens_h":
		return Convention{Bands: sized(0.2, 0.5, 0.8), Source: cohen1988 + ", section 6.2"}, true
	case "cohens_w", "phi":
		return Convention{Bands: sized(0.1, 0.3, 0.5), Source: cohen1988 + ", section 7.2"}, true
	case "cramers_v", "r":
		return Convention{Bands: sized(0.1, 0.3, 0.5), Source: cohen1988 + ", section 3.2"}, true
	case "cohens_f":
		return Convention{Bands: sized(0.1, 0.25, 0.4), Source: cohen1988 + ", section 8.2"}, true
	case "eta_squared", "partial_eta_squared", "generalized_eta_squared", "omega_squared", "epsilon_squared",
		"partial_omega_squared", "partial_epsilon_squared":
		return Convention{Bands: sized(0.01, 0.06, 0.14), Source: "Field (2013), Discovering Statistics Using IBM SPSS Statistics, 4th edition"}, true
	case "cliffs_delta", "rank_biserial":
		return Convention{Bands: sized(0.147, 0.33, 0.474),
			Source: "Romano, Kromrey, Coraggio, Skowronek (2006), Annual Meeting of the Florida Association of Institutional Research"}, true
	case "a12":
		// The absolute size is |A − 1/2|.
		return Convention{Bands: sized(0.06, 0.14, 0.21),
			Source: "Vargha, Delaney (2000), Journal of Educational and Behavioral Statistics 25 (2): 101-132, less 1/2"}, true
	case "odds_ratio":
		return Convention{Bands: []Band{{"negligible", 1}, {"small", 1.68}, {"medium", 3.47}, {"large", 6.71}}, Ratio: true,
			Source: "Chen, Cohen, Chen (2010), Communications in Statistics 39 (4): 860-864"}, true
	}
	return Convention{}, false
}

// Interpret returns the name of the band that the size of a measure falls in, or
// "" if there is no convention for the measure or the size is not a number.
func Interpret(name string, value float64) string {
	c, ok := Bands(name)
	if !ok || math.IsNaN(value) {
		return ""
	}
	size := math.Abs(value)
	switch {
	case name == "a12":
		size = math.Abs(value - 0.5)
	case c.Ratio && value < 1:
		size = 1 / value
	}
	word := ""
	for _, b := range c.Bands {
		if size >= b.From {
			word = b.Name
		}
	}
	return word
}
