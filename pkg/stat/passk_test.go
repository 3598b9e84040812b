package stat

import (
	"math"
	"math/bits"
	"testing"

	"pgregory.net/rapid"
)

// TestPassAtKIsTheSubsetAverage lists every k of n answers, the first c correct.
func TestPassAtKIsTheSubsetAverage(t *testing.T) {
	for n := 1; n <= 12; n++ {
		for c := 0; c <= n; c++ {
			some, all, subsets := make([]int, n+1), make([]int, n+1), make([]int, n+1)
			for set := range uint32(1) << n {
				k, correct := bits.OnesCount32(set), bits.OnesCount32(set&(1<<c-1))
				subsets[k]++
				if correct > 0 {
					some[k]++
				}
				if correct == k {
					all[k]++
				}
			}
			for k := 1; k <= n; k++ {
				one, err := PassAtK(n, c, k)
				if want := float64(some[k]) / float64(subsets[k]); err != nil || math.Abs(one-want) > 1e-14 {
					t.Errorf("pass@%d of %d of %d is %v, want %v (%v)", k, c, n, one, want, err)
				}
				every, err := PassHatK(n, c, k)
				if want := float64(all[k]) / float64(subsets[k]); err != nil || math.Abs(every-want) > 1e-14 {
					t.Errorf("pass^%d of %d of %d is %v, want %v (%v)", k, c, n, every, want, err)
				}
			}
		}
	}
}

// TestPassAtKLaws: it rises with k and c, from c/n for k = 1, and pass^k of the
// correct is the complement of pass@k of the wrong.
func TestPassAtKLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{2, 10, 200, 1_000_000}).Draw(t, "n")
		c, k := rapid.IntRange(0, n).Draw(t, "c"), rapid.IntRange(1, min(n-1, 1000)).Draw(t, "k")
		value := func(of func(n, c, k int) (float64, error), c, k int) float64 {
			v, err := of(n, c, k)
			if err != nil || !(v >= 0 && v <= 1) {
				t.Fatalf("n = %d, c = %d, k = %d: %v, %v", n, c, k, v, err)
			}
			return v
		}
		at := value(PassAtK, c, k)
		if next := value(PassAtK, c, k+1); next < at*(1-1e-12) {
			t.Fatalf("n = %d, c = %d: pass@%d = %v, pass@%d = %v", n, c, k, at, k+1, next)
		}
		if c < n && value(PassAtK, c+1, k) < at*(1-1e-12) {
			t.Fatalf("n = %d, k = %d: one more correct than %d lowers %v", n, k, c, at)
		}
		if one := value(PassAtK, c, 1); math.Abs(one-float64(c)/float64(n)) > 1e-14 {
			t.Fatalf("n = %d, c = %d: pass@1 = %v", n, c, one)
		}
		if wrong := value(PassHatK, n-c, k); math.Abs(1-at-wrong) > 1e-11 {
			t.Fatalf("n = %d, c = %d, k = %d: %v and %v do not add up", n, c, k, at, wrong)
		}
	})
}

// TestPassAtKMean: the mean of the problems, the same bits for a seed, and an
// interval with width also where all problems agree.
func TestPassAtKMean(t *testing.T) {
	n, c := []float64{10, 20, 10, 8, 10}, []float64{3, 0, 10, 4, 1}
	total := 0.0
	for i := range n {
		v, err := PassAtK(int(n[i]), int(c[i]), 4)
		if err != nil {
			t.Fatal(err)
		}
		total += v / 5
	}
	for _, method := range []string{"student", "bootstrap"} {
		r, err := PassAtKMean(n, c, 4, Options{Method: method, Seed: 1})
		if err != nil || math.Abs(r.Interval.Estimate-total) > 1e-15 || !(r.Interval.Low < total && total < r.Interval.High) {
			t.Errorf("%s: %+v, mean %v (%v)", method, r.Interval, total, err)
		}
		again, err := PassAtKMean(n, c, 4, Options{Method: method, Seed: 1, Workers: 1})
		if err != nil || again.Interval.Low != r.Interval.Low || again.Interval.High != r.Interval.High {
			t.Errorf("%s: %+v and %+v (%v)", method, r.Interval, again.Interval, err)
		}
	}
	if _, err := PassAtKMean(n, c, 9, Options{}); err == nil {
		t.Error("a problem of 8 answers was taken for k = 9")
	}
	r, err := PassAtKMean([]float64{5, 5, 5}, []float64{5, 5, 5}, 2, Options{})
	if want := math.Pow(0.025, 1.0/3); err != nil || r.Interval.High != 1 || math.Abs(r.Interval.Low-want) > 1e-14 {
		t.Errorf("all correct: %+v, want from %v (%v)", r.Interval, want, err)
	}
}

// TestCochranIsExact lists all permutations within blocks.
func TestCochranIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, n := rapid.IntRange(2, 4).Draw(t, "k"), rapid.IntRange(1, 4).Draw(t, "n")
		blocks, informative := make([][]float64, n), false
		for i := range blocks {
			total := 0.0
			for range k {
				v := float64(rapid.IntRange(0, 1).Draw(t, "outcome"))
				blocks[i] = append(blocks[i], v)
				total += v
			}
			informative = informative || (total > 0 && total < float64(k))
		}
		r, err := CochranQ(blocks, Options{Method: "exact"})
		if (err == nil) != informative {
			t.Fatalf("%v: %v", blocks, err)
		}
		if err != nil {
			return
		}
		square := func(sums []int) (total int) {
			for _, v := range sums {
				total += v * v
			}
			return total
		}
		sums := make([]int, k)
		for _, b := range blocks {
			for j, v := range b {
				sums[j] += int(v)
			}
		}
		observed, extreme, whole := square(sums), 0, 0
		var walk func(i int, sums []int)
		walk = func(i int, sums []int) {
			if i == n {
				whole++
				if square(sums) >= observed {
					extreme++
				}
				return
			}
			successes := 0
			for _, v := range blocks[i] {
				successes += int(v)
			}
			for set := range uint32(1) << k {
				if bits.OnesCount32(set) != successes {
					continue
				}
				next := append([]int{}, sums...)
				for j := range next {
					next[j] += int(set >> j & 1)
				}
				walk(i+1, next)
			}
		}
		walk(0, make([]int, k))
		if want := float64(extreme) / float64(whole); math.Abs(r.P-want) > 1e-13 {
			t.Fatalf("%v: p = %v, want %d/%d", blocks, r.P, extreme, whole)
		}
	})
}

// TestCochranOfTwoIsMcNemar: for two treatments.
func TestCochranOfTwoIsMcNemar(t *testing.T) {
	table, blocks := [][]float64{{3, 9}, {2, 4}}, [][]float64{}
	for i, v := range []float64{table[0][0], table[0][1], table[1][0], table[1][1]} {
		for range int(v) {
			blocks = append(blocks, []float64{float64(1 - i/2), float64(1 - i%2)})
		}
	}
	for cochran, mcnemar := range map[string]string{"asymptotic": "asymptotic", "exact": "exact"} {
		q, err := CochranQ(blocks, Options{Method: cochran})
		if err != nil {
			t.Fatal(err)
		}
		m, err := McNemarTest(table, Options{Method: mcnemar})
		if err != nil || math.Abs(q.P-m.P) > 1e-14 {
			t.Errorf("%s: %v and %v (%v)", cochran, q.P, m.P, err)
		}
	}
	drawn, err := CochranQ(blocks, Options{Method: "permutation", Replicates: 4000})
	exact, _ := CochranQ(blocks, Options{Method: "exact"})
	if err != nil || math.Abs(drawn.P-exact.P) > 5*math.Sqrt(exact.P/4000) {
		t.Errorf("drawn %v, exact %v (%v)", drawn.P, exact.P, err)
	}
}

// TestBetaBinomialDifferenceLaws: the probabilities add up to 1, exchange with the
// samples, and for whole parameters equal a finite sum.
func TestBetaBinomialDifferenceLaws(t *testing.T) {
	for _, c := range [][4]int{{7, 20, 12, 20}, {0, 20, 20, 20}, {0, 3, 0, 50}, {500, 1000, 530, 1000}, {1, 1, 0, 1}} {
		detail := func(s1, n1, s2, n2 int) (greater, less float64, i *Interval) {
			r, err := BetaBinomialDifference(s1, n1, s2, n2, 1, 1, Options{})
			if err != nil {
				t.Fatal(err)
			}
			return r.Details[0].Value, r.Details[1].Value, r.Interval
		}
		greater, less, i := detail(c[0], c[1], c[2], c[3])
		if math.Abs(greater+less-1) > 1e-11 {
			t.Errorf("%v: %v and %v do not add up", c, greater, less)
		}
		_, _, j := detail(c[2], c[3], c[0], c[1])
		if math.Abs(i.Low+j.High) > 1e-11 || math.Abs(i.High+j.Low) > 1e-11 {
			t.Errorf("%v: samples exchanged: %v and %v", c, i, j)
		}
		// For whole a₂ the probability is a finite sum of beta functions.
		a1, b1, a2, b2 := float64(c[0]+1), float64(c[1]-c[0]+1), float64(c[2]+1), float64(c[3]-c[2]+1)
		logBeta := func(x, y float64) float64 {
			p, _ := math.Lgamma(x)
			q, _ := math.Lgamma(y)
			r, _ := math.Lgamma(x + y)
			return p + q - r
		}
		want := 0.0
		for i := 0.0; i < a2; i++ {
			want += math.Exp(logBeta(a1+i, b1+b2) - math.Log(b2+i) - logBeta(1+i, b2) - logBeta(a1, b1))
		}
		if math.Abs(greater-want) > 1e-9*want {
			t.Errorf("%v: %v, by a finite sum %v", c, greater, want)
		}
	}
}

// TestBetaBinomialDifferenceAddsUp: also under priors that are infinite at the ends.
func TestBetaBinomialDifferenceAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s1, n1 := drawTrials(t, rapid.SampledFrom([]int{2, 30, 2000}).Draw(t, "most"))
		s2, n2 := drawTrials(t, 30)
		a, b := rapid.Float64Range(0.05, 3).Draw(t, "a"), rapid.Float64Range(0.05, 3).Draw(t, "b")
		r, err := BetaBinomialDifference(s1, n1, s2, n2, a, b, Options{Level: 0.5})
		if err != nil {
			t.Fatal(err)
		}
		if total := r.Details[0].Value + r.Details[1].Value; math.Abs(total-1) > 1e-10 {
			t.Fatalf("%d/%d and %d/%d, Beta(%v, %v): the probabilities sum to 1 %+g", s1, n1, s2, n2, a, b, total-1)
		}
		if i := r.Interval; !(-1 <= i.Low && i.Low < i.High && i.High <= 1) {
			t.Fatalf("%+v is no interval", i)
		}
	})
}
