package stat

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// clusterFit is a least-squares fit with what its clusters contribute. The columns
// are made orthonormal, X = QR, so that the projection is QQ' and everything that
// a cluster contributes is in Q_g'Q_g and Q_g'e_g, as small as the model.
type clusterFit struct {
	q        [][]float64 // columns of Q
	r        [][]float64 // R, upper triangular, by row
	beta     []float64
	first    float64 // the observation that all are taken about
	residual []float64
	squares  float64 // of residuals
	size     []int   // of clusters
	gram     [][]float64
	score    [][]float64
}

// groups returns the number of clusters.
func (f *clusterFit) groups() int { return len(f.size) }

// fitClusters regresses y on a constant and columns.
func fitClusters(test string, y []float64, columns [][]float64, clusters []int) (*clusterFit, error) {
	n := len(y)
	if err := checkFinite(test, y); err != nil {
		return nil, err
	}
	if clusters != nil && len(clusters) != n {
		return nil, refuse(test, Invalid, len(clusters), 0, "%d clusters are named for %d observations", len(clusters), n)
	}
	for j, c := range columns {
		if len(c) != n {
			return nil, refuse(test, Unpaired, len(c), 0, "column %d has %d values for %d observations", j+1, len(c), n)
		}
		if err := checkFinite(test, c); err != nil {
			return nil, err
		}
	}
	if need := len(columns) + 2; n < need {
		return nil, refuse(test, TooFew, n, need, "too few observations")
	}
	if float64(n)*float64(len(columns)+1)*float64(len(columns)+1) > 1e9 || len(columns) > 200 {
		return nil, refuse(test, TooLarge, n, 0, "%d observations of %d columns are too many", n, len(columns))
	}
	number, groups := numbered(clusters, n)
	if clusters != nil && groups < leastClusters {
		return nil, refuse(test, TooFew, groups, leastClusters, "too few clusters")
	}
	f := &clusterFit{size: make([]int, groups)}
	for _, g := range number {
		f.size[g]++
	}
	if err := f.orthonormal(test, columns, n); err != nil {
		return nil, err
	}
	if err := f.solve(test, y, columns); err != nil {
		return nil, err
	}
	f.collect(number)
	return f, nil
}

// orthonormal makes Q and R by modified Gram-Schmidt, twice, which leaves Q
// orthogonal to rounding [1].
//
// [1] Giraud, Langou, Rozložník, van den Eshof (2005), Numerische Mathematik 101: 87-100.
func (f *clusterFit) orthonormal(test string, columns [][]float64, n int) error {
	constant := make([]float64, n)
	for i := range constant {
		constant[i] = 1
	}
	k := len(columns) + 1
	f.r = make([][]float64, k)
	for i := range f.r {
		f.r[i] = make([]float64, k)
	}
	for j, column := range append([][]float64{constant}, columns...) {
		q := append([]float64(nil), column...)
		whole := math.Sqrt(dot(q, q))
		for range 2 {
			for i, other := range f.q {
				share := dot(other, q)
				f.r[i][j] += share
				for at := range q {
					q[at] -= share * other[at]
				}
			}
		}
		norm := math.Sqrt(dot(q, q))
		if err := finite(test, n, whole, norm); err != nil {
			return err
		}
		if !(norm > 1e-11*whole) || norm < tooSmall {
			return refuse(test, Constant, n, 0, "column %d is constant or a combination of those before it", j)
		}
		f.r[j][j] = norm
		for at := range q {
			q[at] /= norm
		}
		f.q = append(f.q, q)
	}
	return nil
}

// solve computes coefficients, the constant less the first observation, and
// residuals.
func (f *clusterFit) solve(test string, y []float64, columns [][]float64) error {
	first := y[0]
	f.first = first
	f.residual = make([]float64, len(y))
	for i, v := range y {
		f.residual[i] = v - first
	}
	k := len(f.q)
	f.beta = make([]float64, k)
	for range 2 { // once more for what rounding left
		z := make([]float64, k)
		for j, q := range f.q {
			z[j] = dot(q, f.residual)
			for i := range f.residual {
				f.residual[i] -= z[j] * q[i]
			}
		}
		for j := k - 1; j >= 0; j-- {
			for i := j + 1; i < k; i++ {
				z[j] -= f.r[j][i] * z[i]
			}
			z[j] /= f.r[j][j]
		}
		for j := range z {
			f.beta[j] += z[j]
		}
	}
	f.squares = dot(f.residual, f.residual)
	largest := 0.0
	for _, v := range y {
		largest = math.Max(largest, math.Abs(v-first))
	}
	if err := finite(test, len(y), append(append([]float64{f.squares, largest}, f.beta...), f.residual...)...); err != nil {
		return err
	}
	if f.squares <= 1e-26*float64(len(y))*largest*largest || f.squares < tooSmall*tooSmall {
		what := "the columns explain every observation: there is no variation left"
		if len(columns) == 0 {
			what = "all values are equal: there is no variation to judge the mean by"
		}
		return refuse(test, Constant, len(y), 0, "%s", what)
	}
	return nil
}

// collect sums up what each cluster contributes.
func (f *clusterFit) collect(number []int) {
	k := len(f.q)
	memory := make([]float64, f.groups()*(k*k+k))
	f.gram, f.score = make([][]float64, f.groups()), make([][]float64, f.groups())
	for g := range f.gram {
		f.gram[g], memory = memory[:k*k:k*k], memory[k*k:]
		f.score[g], memory = memory[:k:k], memory[k:]
	}
	for at, g := range number {
		for i := range k {
			f.score[g][i] += f.q[i][at] * f.residual[at]
			for j := range k {
				f.gram[g][i*k+j] += f.q[i][at] * f.q[j][at]
			}
		}
	}
}

// contrast returns R'⁻¹c of the unit vector c of a coefficient.
func (f *clusterFit) contrast(coefficient int) []float64 {
	k := len(f.q)
	t := make([]float64, k)
	for i := coefficient; i < k; i++ {
		if i == coefficient {
			t[i] = 1
		}
		for j := coefficient; j < i; j++ {
			t[i] -= f.r[j][i] * t[j]
		}
		t[i] /= f.r[i][i]
	}
	return t
}

// coefficient returns a coefficient with its distance from mu, its standard error
// and degrees of freedom.
func (f *clusterFit) coefficient(at int, method string, mu float64) (tEstimate, error) {
	k, groups := len(f.q), f.groups()
	t := f.contrast(at)
	power := map[string]float64{"cr2": -0.5, "cr3": -1}[method]
	var variance, diagonal neumaier
	squares, cross := 0.0, 0.0
	outer := make([]float64, k*k)
	b, u := make([]float64, k), make([]float64, k)
	for g := range groups {
		f.adjusted(g, power, t, b)
		// p_g = Q_g b, so that p_g'e_g = b'score and p_g'p_g = b'gram b.
		share, norm := 0.0, 0.0
		for i := range k {
			u[i] = 0
			for j := range k {
				u[i] += f.gram[g][i*k+j] * b[j]
			}
			share += b[i] * f.score[g][i]
			norm += b[i] * u[i]
		}
		variance.add(share * share)
		length := 0.0
		for i := range k {
			length += u[i] * u[i]
			for j := range k {
				outer[i*k+j] += u[i] * u[j]
			}
		}
		diagonal.add(norm - length)
		squares += norm * norm
		cross += norm * length
	}
	out := tEstimate{value: f.beta[at], shift: f.beta[at] - mu, df: float64(groups - 1)}
	if at == 0 {
		// The common part of the observations cancels before it costs digits.
		out.value, out.shift = f.first+f.beta[0], (f.first-mu)+f.beta[0]
	}
	v := variance.value()
	switch method {
	case "cr1":
		v *= float64(groups) / float64(groups-1)
	case "cr2", "cr3":
		trace := squares - 2*cross
		for _, w := range outer {
			trace += w * w
		}
		out.df = diagonal.value() * diagonal.value() / trace
	}
	out.se = math.Sqrt(v)
	scale := math.Sqrt(f.squares * dot(t, t))
	if !(out.se > 1e-12*scale) || !(out.df > 1e-6) || math.IsInf(out.df, 0) {
		return out, refuse("clustered", Constant, groups, 0, "coefficient %d does not vary between clusters: nothing says how certain it is", at)
	}
	return out, nil
}

// adjusted sets b so that Q_g b = (I − Q_g Q_g')^power Q_g t.
func (f *clusterFit) adjusted(g int, power float64, t, b []float64) {
	k := len(t)
	if power == 0 {
		copy(b, t)
		return
	}
	gram := f.gram[g]
	if k == 1 || f.size[g] == 1 {
		h := 0.0
		for i := range k {
			h += gram[i*k+i]
		}
		by := leveragePower(h, power)
		for i := range b {
			b[i] = by * t[i]
		}
		return
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(mat.NewSymDense(k, append([]float64(nil), gram...)), true) {
		copy(b, t)
		return
	}
	values := eigen.Values(nil)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	clear(b)
	for c, value := range values {
		along := 0.0
		for i := range k {
			along += vectors.At(i, c) * t[i]
		}
		along *= leveragePower(value, power)
		for i := range k {
			b[i] += along * vectors.At(i, c)
		}
	}
}

// leveragePower returns (1 − h)^power, or 0 where h is 1: the generalised inverse.
func leveragePower(h, power float64) float64 {
	if 1-h < 1e-10 {
		return 0
	}
	return math.Pow(1-h, power)
}

// neumaier is a compensated sum that grows by a term at a time, see sum.
type neumaier struct{ total, lost float64 }

func (s *neumaier) add(v float64) {
	next := s.total + v
	if math.Abs(s.total) >= math.Abs(v) {
		s.lost += (s.total - next) + v
	} else {
		s.lost += (v - next) + s.total
	}
	s.total = next
}

func (s *neumaier) value() float64 { return s.total + s.lost }

// dot returns the compensated product of two vectors.
func dot(x, y []float64) float64 {
	var s neumaier
	for i, v := range x {
		s.add(v * y[i])
	}
	return s.value()
}
