package dist

import "testing"

var sink float64

// BenchmarkTails times one upper tail of each law. That of the range of 4 with 60
// df takes 57 µs, R 4.2.2's ptukey 110 µs (for 5 to 9 digits), scipy 1.17.1 7,900 µs;
// of 200 with 20 df 170 µs, 186 µs (fewer digits, too) and 13,600 µs. Dunnett's of 4
// takes 500 µs, mvtnorm's pmvt 3,800 µs for 3 digits and 930,000 µs for 10.
func BenchmarkTails(b *testing.B) {
	lambda := []float64{0.7, 0.6, 0.5, 0.4}
	for _, c := range []struct {
		name string
		l    named
		x    float64
	}{
		{"normal", Normal{}, 3},
		{"t_8", T{8}, 3},
		{"t_1e9", T{1e9}, 3},
		{"f_3_40", F{3, 40}, 3},
		{"f_300_1e9", F{290, 1e9}, 1.1},
		{"f_1e9_1e9", F{1e9, 1e9}, 1.0001},
		{"chi_squared_10", ChiSquared{10}, 20},
		{"chi_squared_1e9", ChiSquared{1e9}, 1e9 + 1e5},
		{"binomial_1000", Binomial{1000, 0.5}, 520},
		{"hypergeometric_1e4", Hypergeometric{10000, 3000, 2000}, 620},
		{"noncentral_t", NoncentralT{30, 2.5}, 2},
		{"noncentral_t_opposite", NoncentralT{30, 2.5}, -1},
		{"noncentral_t_1e4", NoncentralT{30, 1e4}, 1.1e4},
		{"noncentral_f", NoncentralF{3, 60, 12}, 3},
		{"noncentral_chi_squared", NoncentralChiSquared{4, 10}, 12},
		{"studentized_range_4_60", StudentizedRange{4, 60}, 3.7},
		{"studentized_range_200_20", StudentizedRange{200, 20}, 6},
		{"dunnett_4_30", Dunnett{lambda, 30}, 2.5},
		{"correlation_50", Correlation{50, 0.3}, 0.28},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				sink += c.l.SF(c.x)
			}
		})
	}
}
