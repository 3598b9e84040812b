package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// Null is a continuous distribution with parameters known before the data are
// looked at. Its zero value is the standard normal distribution.
type Null struct {
	// Family is normal (the default), uniform or exponential.
	Family string
	// A and B are mean and standard deviation of normal, the ends of uniform, or
	// rate (A) of exponential. Where both are 0, they count as 0 and 1, and 1 as
	// the rate.
	A, B float64
}

// check fills in defaults and refuses parameters that are none.
func (d *Null) check(test string) error {
	if d.Family == "" {
		d.Family = "normal"
	}
	if d.A == 0 && d.B == 0 {
		d.B = 1
		if d.Family == "exponential" {
			d.A, d.B = 1, 0
		}
	}
	if !(math.Abs(d.A) <= largest && math.Abs(d.B) <= largest) {
		return badOption(test, "the parameters %v and %v of the distribution are too large", d.A, d.B)
	}
	switch d.Family {
	case "normal":
		if !(d.B > 0) {
			return badOption(test, "the standard deviation %v is not positive", d.B)
		}
	case "uniform":
		if !(d.B > d.A) {
			return badOption(test, "the ends %v and %v of a uniform distribution are not in order", d.A, d.B)
		}
	case "exponential":
		if !(d.A > 0) {
			return badOption(test, "the rate %v is not positive", d.A)
		}
	default:
		return badOption(test, "distribution %q is not one of normal, uniform, exponential", d.Family)
	}
	return nil
}

// tails returns P(X ≤ x) and P(X > x).
func (d Null) tails(x float64) (lower, upper float64) {
	if d.Family == "normal" {
		z := (x - d.A) / (d.B * math.Sqrt2)
		return 0.5 * math.Erfc(-z), 0.5 * math.Erfc(z)
	}
	return math.Exp(d.logCDF(x)), math.Exp(d.logSF(x))
}

// logCDF returns ln P(X ≤ x).
func (d Null) logCDF(x float64) float64 {
	switch d.Family {
	case "uniform":
		return math.Log(math.Max(0, math.Min(1, (x-d.A)/(d.B-d.A))))
	case "exponential":
		return math.Log(-math.Expm1(-d.A * math.Max(x, 0)))
	}
	return dist.Normal{}.LogCDF((x - d.A) / d.B)
}

// logSF returns ln P(X ≥ x).
func (d Null) logSF(x float64) float64 {
	switch d.Family {
	case "uniform":
		return math.Log(math.Max(0, math.Min(1, (d.B-x)/(d.B-d.A))))
	case "exponential":
		return -d.A * math.Max(x, 0)
	}
	return dist.Normal{}.LogSF((x - d.A) / d.B)
}
