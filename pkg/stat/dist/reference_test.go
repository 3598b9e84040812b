package dist

import (
	"math"
	"testing"
)

// TestKnown compares with values that R 4.2.2 prints.
func TestKnown(t *testing.T) {
	for what, c := range map[string]struct{ got, want, digits float64 }{
		"normal":    {Normal{}.SF(20), 2.753624118606233e-89, 13},
		"F":         {F{2, 30}.SF(200), 4.516395719298502e-18, 13},
		"binomial":  {Binomial{1000, 0.5}.SF(700), 3.766850723525634e-38, 13},
		"t":         {2 * T{8}.SF(7), 0.000112638549126869, 13},
		"range":     {StudentizedRange{3, 10}.Quantile(0.95), 3.876776749, 9},
		"dunnett a": {Dunnett{[]float64{math.Sqrt2 / 2, math.Sqrt2 / 2}, 27}.SF(1.331), 0.3225928, 6},
	} {
		if e := math.Abs(c.got/c.want - 1); !(e < math.Pow(10, -c.digits)) {
			t.Errorf("%s is %.17g, want %.17g: relative error %.2g", what, c.got, c.want, e)
		}
	}
}
