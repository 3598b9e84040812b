package stat

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func detailOf(t interface{ Fatalf(string, ...any) }, r Result, name string) float64 {
	for _, d := range r.Details {
		if d.Name == name {
			return d.Value
		}
	}
	t.Fatalf("%s has no detail %s: %+v", r.Test, name, r.Details)
	return 0
}

// TestClusteredMeanAlone: with each observation a cluster of its own, cr2 is the
// one-sample t test.
func TestClusteredMeanAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-1e3, 1e3), 5, 40).Draw(t, "x")
		o := Options{Mu: rapid.Float64Range(-10, 10).Draw(t, "mu")}
		want, err := OneSampleT(x, o)
		got, other := ClusteredMean(x, nil, o)
		if err != nil || other != nil {
			return // too little variation for one of them
		}
		near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-8*(1+math.Abs(b)) }
		if !near(got.Statistic, want.Statistic) || !near(got.DF[0], want.DF[0]) || !near(got.Interval.Low, want.Interval.Low) || !near(got.Interval.High, want.Interval.High) {
			t.Fatalf("%+v, want %+v", got, want)
		}
	})
}

// TestClusteredBalanced: with clusters of one size the mean of clusters' means by
// Student's t is the clustered mean by cr2, with as many degrees of freedom.
func TestClusteredBalanced(t *testing.T) {
	x, _ := latencies(60, 1)
	label, means := make([]int, 60), make([]float64, 12)
	for i := range x {
		label[i] = i % 12
		means[i%12] += x[i] / 5
	}
	want, err := OneSampleT(means, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ClusteredMean(x, label, Options{})
	if err != nil || math.Abs(got.Statistic-want.Statistic) > 1e-11 || math.Abs(got.DF[0]-11) > 1e-11 || len(got.Warnings) != 1 {
		t.Errorf("%+v, want %+v, %v", got, want, err)
	}
}

// TestClusteredLevel: where observations of a cluster share .3 of their variance,
// 20 to a cluster, the plain t test is wrong nearly half of the time at 5 %, and
// the clustered one keeps its level.
func TestClusteredLevel(t *testing.T) {
	const trials, clusters, size = 600, 25, 20
	r := Stream(8, 8)
	label := make([]int, clusters*size)
	for i := range label {
		label[i] = i / size
	}
	plain, clustered := 0, 0
	x := make([]float64, len(label))
	for range trials {
		for c := range clusters {
			of := math.Sqrt(0.3) * r.NormFloat64()
			for i := range size {
				x[c*size+i] = of + math.Sqrt(0.7)*r.NormFloat64()
			}
		}
		a, err := OneSampleT(x, Options{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := ClusteredMean(x, label, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if a.P < 0.05 {
			plain++
		}
		if b.P < 0.05 {
			clustered++
		}
	}
	// 99.9 % of a binomial with .05 of 600.
	if clustered < 13 || clustered > 49 {
		t.Errorf("the clustered test rejected %d of %d", clustered, trials)
	}
	if share := float64(plain) / trials; share < 0.35 || share > 0.55 {
		t.Errorf("the plain test rejected %.3f", share)
	}
}

// TestClusteredDifferenceSigns: the second sample less the first, pairs or not.
func TestClusteredDifferenceSigns(t *testing.T) {
	x, y := []float64{1, 2, 3, 4, 5, 7}, []float64{3, 4, 4, 7, 7, 9}
	label := []int{1, 2, 3, 4, 5, 6}
	p, err := ClusteredPairedDifference(x, y, label, Options{})
	if err != nil || p.Interval.Estimate != 2 || p.Statistic <= 0 {
		t.Errorf("%+v, %v", p.Interval, err)
	}
	d, err := ClusteredDifference(x, y, append(append([]int{}, label...), label...), Options{})
	if err != nil || math.Abs(d.Interval.Estimate-2) > 1e-14 || d.N[0] != 6 || d.N[1] != 6 {
		t.Errorf("%+v, %v", d, err)
	}
	c, err := CUPEDPaired(x, y, []float64{1, 5, 2, 2, 7, 1}, nil, Options{})
	if err != nil || math.Abs(c.Interval.Estimate-2) > 1e-14 {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestCUPEDSaves: a covariate that correlates by ρ saves about ρ² of the variance.
func TestCUPEDSaves(t *testing.T) {
	r := Stream(2, 2)
	const n, rho = 2000, 0.8
	var out, cov [2][]float64
	for i := range 2 * n {
		c := r.NormFloat64()
		out[i%2] = append(out[i%2], rho*c+math.Sqrt(1-rho*rho)*r.NormFloat64()+0.1*float64(i%2))
		cov[i%2] = append(cov[i%2], c)
	}
	got, err := CUPED(out[0], out[1], cov[0], cov[1], nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if saved := detailOf(t, got, "variance_saved"); math.Abs(saved-rho*rho) > 0.05 || got.Interval.Low > 0.1 || got.Interval.High < 0.1 {
		t.Errorf("%v saved, %+v", saved, got.Interval)
	}
	if theta := detailOf(t, got, "theta"); math.Abs(theta-rho) > 0.05 {
		t.Errorf("theta %v", theta)
	}
}

// TestBrierParts: the parts add up to the score, for bins and for distinct values.
func TestBrierParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 80).Draw(t, "n")
		steps := rapid.SampledFrom([]int{4, 1000}).Draw(t, "steps")
		p, y := make([]float64, n), make([]float64, n)
		for i := range p {
			p[i] = float64(rapid.IntRange(0, steps).Draw(t, "p")) / float64(steps)
			y[i] = float64(rapid.IntRange(0, 1).Draw(t, "y"))
		}
		got, err := BrierScore(p, y, rapid.IntRange(0, 20).Draw(t, "bins"), nil, Options{})
		if err != nil {
			return // errors that do not vary
		}
		total := detailOf(t, got, "reliability") - detailOf(t, got, "resolution") + detailOf(t, got, "uncertainty") + detailOf(t, got, "within")
		if math.Abs(total-got.Interval.Estimate) > 1e-12 {
			t.Fatalf("the parts make %v of %v", total, got.Interval.Estimate)
		}
		if got.P != 0 || got.Statistic != 0 {
			t.Fatalf("a score was tested: %+v", got)
		}
	})
}

// TestAUROCPairs: the area is the share of pairs in order, exactly, whatever the
// ties, and does not change under a monotone transformation; the other way round
// it is one less it.
func TestAUROCPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(4, 40).Draw(t, "n")
		x, y := make([]float64, n), make([]float64, n)
		bent, turned := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i] = float64(rapid.IntRange(-5, 5).Draw(t, "x"))
			y[i] = float64(rapid.IntRange(0, 1).Draw(t, "y"))
			bent[i], turned[i] = math.Exp(x[i])+3, -x[i]
		}
		method := Options{Method: "newcombe"}
		got, err := AUROC(x, y, method)
		if err != nil {
			return
		}
		twice, pairs := 0, 0
		for i := range x {
			for j := range x {
				if y[i] == 1 && y[j] == 0 {
					pairs++
					if x[i] > x[j] {
						twice += 2
					} else if x[i] == x[j] {
						twice++
					}
				}
			}
		}
		if want := float64(twice) / 2 / float64(pairs); got.Interval.Estimate != want {
			t.Fatalf("%v, want %v", got.Interval.Estimate, want)
		}
		if !(got.Interval.Low <= got.Interval.Estimate && got.Interval.Estimate <= got.Interval.High && got.Interval.High <= 1) {
			t.Fatalf("%+v", got.Interval)
		}
		again, err := AUROC(bent, y, method)
		if err != nil || again.Interval.Low != got.Interval.Low || again.P != got.P {
			t.Fatalf("%+v, %v", again, err)
		}
		back, err := AUROC(turned, y, method)
		if err != nil || math.Abs(back.Interval.Estimate+got.Interval.Estimate-1) > 1e-15 || math.Abs(back.Interval.Low+got.Interval.High-1) > 1e-12 {
			t.Fatalf("%+v, %+v, %v", back.Interval, got.Interval, err)
		}
	})
}

// TestRestrictedMeanUncensored: with nothing cut off it is the mean of the lesser
// of time and limit, and its standard error that of the mean but for n and n − 1.
func TestRestrictedMeanUncensored(t *testing.T) {
	x, _ := latencies(200, 1)
	seen, capped := make([]float64, 200), make([]float64, 200)
	for i := range seen {
		seen[i], capped[i] = 1, math.Min(x[i], 2)
	}
	got, err := RestrictedMean(x, seen, 2, Options{})
	if err != nil {
		t.Fatal(err)
	}
	mean, variance, err := moments("test", capped, 2)
	if err != nil || math.Abs(got.Interval.Estimate-mean) > 1e-13 || math.Abs(detailOf(t, got, "standard_error")-math.Sqrt(variance*199/200/200)) > 1e-13 {
		t.Errorf("%+v, want %v", got.Interval, mean)
	}
}

// TestRestrictedMeanTimeouts: cutting off what is beyond the limit changes nothing.
func TestRestrictedMeanTimeouts(t *testing.T) {
	x, _ := latencies(300, 1)
	seen, cut, mark := make([]float64, 300), make([]float64, 300), make([]float64, 300)
	for i := range x {
		seen[i], cut[i], mark[i] = 1, math.Min(x[i], 3), 1
		if x[i] > 3 {
			mark[i] = 0
		}
	}
	a, err := RestrictedMean(x, seen, 3, Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := RestrictedMean(cut, mark, 3, Options{})
	if err != nil || math.Abs(a.Interval.Estimate-b.Interval.Estimate) > 1e-13 || math.Abs(a.Interval.Low-b.Interval.Low) > 1e-13 {
		t.Errorf("%+v and %+v, %v", a.Interval, b.Interval, err)
	}
	if _, err := RestrictedMean(cut, mark, 3.5, Options{}); err == nil {
		t.Error("answered beyond the timeout")
	}
}

// TestCalibrationErrorOfChance: of a perfectly calibrated model the plain error is
// well above zero, and what takes chance off is not.
func TestCalibrationErrorOfChance(t *testing.T) {
	r := Stream(5, 5)
	const rounds, n = 40, 300
	plain, debiased := 0.0, 0.0
	for seed := range uint64(rounds) {
		p, y := make([]float64, n), make([]float64, n)
		for i := range p {
			p[i] = r.Float64()
			if r.Float64() < p[i] {
				y[i] = 1
			}
		}
		got, err := CalibrationError(p, y, Calibration{}, Options{Replicates: 100, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		plain += detailOf(t, got, "ece_l2") / rounds
		debiased += detailOf(t, got, "ece_l2_debiased") / rounds
	}
	if plain < 0.07 || debiased > 0.6*plain {
		t.Errorf("plain %.3f, debiased %.3f", plain, debiased)
	}
}

func TestEvaluationRefuses(t *testing.T) {
	nan := math.NaN()
	x, y := []float64{0.1, 0.4, 0.35, 0.8}, []float64{0, 0, 1, 1}
	label := []int{0, 1, 2, 3}
	of := func(_ Result, err error) error { return err }
	for name, c := range map[string]struct {
		err  error
		want Reason
	}{
		"few clusters":        {of(ClusteredMean(x, label, Options{})), TooFew},
		"clusters short":      {of(ClusteredMean(x, label[1:], Options{})), Invalid},
		"no variation":        {of(ClusteredMean([]float64{1, 1, 1, 1, 1, 1}, nil, Options{})), Constant},
		"clusters alike":      {of(ClusteredMean([]float64{1, 2, 2, 1, 1, 2, 1, 2, 2, 1}, []int{0, 0, 1, 1, 2, 2, 3, 3, 4, 4}, Options{})), Constant},
		"NaN":                 {of(ClusteredMean([]float64{1, nan, 3}, nil, Options{})), NotFinite},
		"1e300":               {of(ClusteredMean([]float64{1e300, -1e300, 2, 3, 4}, nil, Options{})), NotFinite},
		"dependent columns":   {of(ClusteredRegression(x, [][]float64{{2, 2, 2, 2}}, nil, 1, Options{})), Constant},
		"column short":        {of(ClusteredRegression(x, [][]float64{{2, 2}}, nil, 1, Options{})), Unpaired},
		"no such coefficient": {of(ClusteredRegression(x, nil, nil, 1, Options{})), BadOption},
		"unpaired":            {of(ClusteredPairedDifference(x, y[1:], nil, Options{})), Unpaired},
		"empty sample":        {of(ClusteredDifference(nil, y, nil, Options{})), TooFew},
		"item unanswered":     {of(PairedItems([][]float64{{1}, nil}, [][]float64{{1}, {0}}, nil, Options{})), Unpaired},
		"items unequal":       {of(PairedItems([][]float64{{1}}, nil, nil, Options{})), Unpaired},
		"covariate constant":  {of(CUPED(x, x, []float64{1, 1, 1, 1}, []float64{1, 1, 1, 1}, nil, Options{})), Constant},
		"covariate short":     {of(CUPED(x, x, x, nil, nil, Options{})), Unpaired},
		"no probability":      {of(CalibrationError([]float64{0.5, 1.5}, []float64{0, 1}, Calibration{}, Options{})), Invalid},
		"no outcome":          {of(CalibrationError(x, []float64{0, 0.5, 1, 1}, Calibration{}, Options{})), Invalid},
		"norm":                {of(CalibrationError(x, y, Calibration{Norm: "l3"}, Options{})), BadOption},
		"bins":                {of(CalibrationError(x, y, Calibration{Bins: -1}, Options{})), BadOption},
		"equal losses":        {of(BrierScore([]float64{0.5, 0.5, 0.5}, []float64{0, 1, 0}, 0, nil, Options{})), Constant},
		"infinite loss":       {of(LogLoss([]float64{0, 0.5, 0.25}, []float64{1, 1, 0}, 0, nil, Options{})), Invalid},
		"clip":                {of(LogLoss(x, y, 0.5, nil, Options{})), BadOption},
		"one outcome":         {of(AUROC(x, []float64{1, 1, 1, 1}, Options{})), TooFew},
		"separated":           {of(AUROC([]float64{1, 2, 3, 4}, y, Options{})), Constant},
		"same scores":         {of(AUROCDifference(x, x, y, Options{})), Constant},
		"judge of chance":     {of(JudgeCorrection(JudgeCounts{5, 10, 5, 10, 5, 10}, Options{})), Invalid},
		"no calibration":      {of(JudgeCorrection(JudgeCounts{5, 10, 0, 0, 5, 10}, Options{})), TooFew},
		"more than all":       {of(JudgeCorrection(JudgeCounts{11, 10, 9, 10, 9, 10}, Options{})), Invalid},
		"no predictions":      {of(PredictionPowered(x, y, nil, Options{})), TooFew},
		"negative time":       {of(RestrictedMean([]float64{-1, 2}, []float64{1, 1}, 0, Options{})), Invalid},
		"all cut off":         {of(RestrictedMean([]float64{3, 3}, []float64{0, 0}, 0, Options{})), Constant},
		"tau":                 {of(RestrictedMean(x, y, -1, Options{})), BadOption},
	} {
		var refusal *Refusal
		if !errors.As(c.err, &refusal) || refusal.Reason != c.want || refusal.Error() == "" {
			t.Errorf("%s: %v", name, c.err)
		}
	}
}
