//go:build long

package catalog

import "testing"

// TestEveryReferenceBites changes many more constants, one at a time.
func TestEveryReferenceBites(t *testing.T) {
	bite(t, []mutant{
		{"shapiro.go", "0, 0.221157,", "0, 0.221158,", "shapiro_wilk"},
		{"shapiro.go", "0, 0.042981,", "0, 0.042982,", "shapiro_wilk"},
		{"shapiro.go", "0.544,", "0.54401,", "shapiro_wilk"},
		{"shapiro.go", "1.3822,", "1.38221,", "shapiro_wilk"},
		{"shapiro.go", "-1.5861,", "-1.58611,", "shapiro_wilk"},
		{"shapiro.go", "-0.4803,", "-0.48031,", "shapiro_wilk"},
		{"shapiro.go", "+ 0.625)", "+ 0.62501)", "shapiro_wilk"},
		{"shapiro.go", "float64(n) + 0.25)", "float64(n) + 0.25001)", "shapiro_wilk"},
		{"lilliefors.go", "1.67997/m", "1.67998/m", "lilliefors"},
		{"lilliefors.go", "2.76773,", "2.76774,", "lilliefors"},
		{"spread.go", "total)/(3*(k-1))", "total)/(3.00001*(k-1))", "bartlett"},
		{"mannwhitney.go", "variance := product / 12 *", "variance := product / 12.00001 *", "mann_whitney"},
		{"kendall.go", "three[side] += t * (t - 1) * (2*t + 5)", "three[side] += t * (t - 1) * (2*t + 5.00001)", "kendall"},
		{"kendall.go", "two[0]*two[1]/(2*n*(n-1))", "two[0]*two[1]/(2.0001*n*(n-1))", "kendall"},
		{"kendall.go", "three[1])/18 +", "three[1])/18.00001 +", "kendall"},
		{"anova_oneway.go", "(1 + 2*(k-2)/", "(1 + 2.00001*(k-2)/", "welch_anova"},
		{"anova_oneway.go", "/ (3 * lambda.value())", "/ (3.00001 * lambda.value())", "welch_anova"},
		{"mcnemar.go", "math.Log1p(-0.5 *", "math.Log1p(-0.499999 *", "mcnemar"},
		{"chisquare.go", "gap -= math.Min(0.5, gap)", "gap -= math.Min(0.499999, gap)", "chi_square"},
		{"page.go", "(k*k-1)*k/12*", "(k*k-1)*k/12.00001*", "page"},
		{"friedman.go", "f := (n - 1) * b.net / left", "f := (n - 1.00001) * b.net / left", "friedman"},
		{"cochran.go", "return (k - 1) * (k*squares", "return (k - 1.00001) * (k*squares", "cochran_q"},
		{"normality_moments.go", "27*n - 70)", "27*n - 70.0001)", "dagostino_k2"},
		{"normality_moments.go", "2/(9*a) -", "2/(9.00001*a) -", "dagostino_k2"},
		{"proportion_one.go", "A: float64(k) + 0.5,", "A: float64(k) + 0.50001,", "jeffreys"},
		{"proportion_one.go", "float64(k)+z*z/2)/trials,", "float64(k)+z*z/2.00001)/trials,", "agresti_coull"},
		{"proportion_two.go", "(p.n1 + p.n2) / (p.n1 + p.n2 - 1)", "(p.n1 + p.n2) / (p.n1 + p.n2 - 1.00001)", "two_proportions"},
		{"adjust.go", "alpha/(1+alpha), 1+alpha", "alpha/(1+alpha), 1.00001+alpha", "adjust"},
		{"agreement.go", "d := -2 * (1 - estimate)", "d := -2.00001 * (1 - estimate)", "gwet_ac1"},
		{"agreement.go", "se0 := math.Sqrt(2*(spread", "se0 := math.Sqrt(2.00001*(spread", "fleiss_kappa"},
		{"icc.go", "df := (m.n - 1) * (m.k - 1) *", "df := (m.n - 1.00001) * (m.k - 1) *", "icc"},
		{"posthoc_ranks.go", "se := math.Sqrt(2*left/df) / n", "se := math.Sqrt(2.00001*left/df) / n", "conover"},
		{"meta.go", "typical := (k - 1) *", "typical := (k - 1.00001) *", "meta"},
		{"bca.go", "unit := (n - 1) / n", "unit := (n - 1.01) / n", "bootstrap"},
	})
}
