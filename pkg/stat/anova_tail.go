package stat

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

func fLogSF(f, d1, d2 float64) float64 {
	return math.Log(mathext.RegIncBeta(d2/2, d1/2, d2/(d2+d1*f)))
}

func chi2LogSF(x, df float64) float64 { return math.Log(mathext.GammaIncRegComp(df/2, x/2)) }

func normalLogSF(z float64) float64 { return math.Log(math.Erfc(z/math.Sqrt2) / 2) }
