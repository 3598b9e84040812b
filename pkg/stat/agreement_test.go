package stat

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// countTable draws a square table of counts.
func countTable(t *rapid.T) [][]float64 {
	q := rapid.IntRange(2, 5).Draw(t, "categories")
	top := rapid.SampledFrom([]int{2, 50}).Draw(t, "top")
	table := make([][]float64, q)
	for i := range table {
		table[i] = make([]float64, q)
		for j := range table[i] {
			table[i][j] = float64(rapid.IntRange(0, top).Draw(t, "count"))
		}
	}
	return table
}

func turned(table [][]float64) [][]float64 {
	out := make([][]float64, len(table[0]))
	for j := range out {
		for _, row := range table {
			out[j] = append(out[j], row[j])
		}
	}
	return out
}

// inUnit fails unless an interval is one within bounds.
func inUnit(t *rapid.T, i *Interval, least float64) {
	t.Helper()
	if i.Level == 0 {
		return
	}
	if !(least <= i.Low && i.Low <= i.Estimate && i.Estimate <= i.High && i.High <= 1) {
		t.Fatalf("interval %+v", *i)
	}
}

func TestKappaLaws(t *testing.T) {
	for _, weights := range []string{"none", "linear", "quadratic"} {
		t.Run(weights, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				table := countTable(t)
				got, err := CohenKappa(table, weights, Options{})
				if err != nil {
					return
				}
				inUnit(t, got.Interval, -1)
				other, err := CohenKappa(turned(table), weights, Options{})
				if err != nil {
					t.Fatal(err)
				}
				mustAgree(t, "kappa of exchanged raters", other.Interval.Estimate, got.Interval.Estimate, 1e-12)
				mustAgree(t, "p of exchanged raters", other.P, got.P, 1e-10)
				back := slices.Clone(table)
				slices.Reverse(back)
				for i, row := range back {
					back[i] = slices.Clone(row)
					slices.Reverse(back[i])
				}
				if other, err = CohenKappa(back, weights, Options{}); err != nil {
					t.Fatal(err)
				}
				mustAgree(t, "kappa of reversed categories", other.Interval.Estimate, got.Interval.Estimate, 1e-12)
				// Of two categories all weights are the same.
				if len(table) == 2 {
					plain, _ := CohenKappa(table, "none", Options{})
					mustAgree(t, "kappa of two categories", got.Interval.Estimate, plain.Interval.Estimate, 1e-12)
				}
			})
		})
	}
	labels, err := LabelTable("cohen_kappa", []float64{5, 1, 5, 9}, []float64{5, 5, 1, 9})
	if err != nil || !slices.EqualFunc(labels, [][]float64{{0, 1, 0}, {1, 1, 0}, {0, 0, 1}}, slices.Equal) {
		t.Errorf("table of labels %v, %v", labels, err)
	}
}

// TestAgreementOfTwo compares coefficients for several raters with those for two.
func TestAgreementOfTwo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := countTable(t)
		var rows [][]float64
		n := 0.0
		for i, row := range table {
			for j, v := range row {
				for range int(v) {
					counts := make([]float64, len(table))
					counts[i]++
					counts[j]++
					rows = append(rows, counts)
				}
				n += v
			}
		}
		byTable, err := GwetAC1(Ratings{Table: table}, "linear", Options{})
		byItem, err2 := GwetAC1(Ratings{Counts: rows}, "linear", Options{})
		if (err == nil) != (err2 == nil) {
			t.Fatalf("%v and %v", err, err2)
		}
		if err == nil {
			mustAgree(t, "AC2", byItem.Interval.Estimate, byTable.Interval.Estimate, 1e-11)
			mustAgree(t, "low", byItem.Interval.Low, byTable.Interval.Low, 1e-9)
			inUnit(t, byTable.Interval, -1)
		}
		share, err := PercentAgreement(Ratings{Table: table}, Options{})
		if err != nil {
			return
		}
		several, err := PercentAgreement(Ratings{Counts: rows}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		mustAgree(t, "agreement", several.Interval.Estimate, share.Interval.Estimate, 1e-12)
		// Fleiss' kappa of two raters is Scott's pi; alpha corrects it for n.
		fleiss, err := FleissKappa(rows, Options{})
		if err != nil {
			return
		}
		inUnit(t, fleiss.Interval, -1)
		units := make([][]float64, 0, len(rows))
		for _, row := range rows {
			var u []float64
			for k, v := range row {
				for range int(v) {
					u = append(u, float64(k))
				}
			}
			units = append(units, append(u, math.NaN()))
		}
		alpha, err := KrippendorffAlpha(units, "nominal", Options{Replicates: 30})
		if err != nil {
			t.Fatal(err)
		}
		pi := fleiss.Interval.Estimate
		mustAgree(t, "alpha", alpha.Interval.Estimate, pi+(1-pi)/(2*n), 1e-11)
	})
}

func TestKrippendorffLaws(t *testing.T) {
	for _, measure := range []string{"nominal", "ordinal", "interval", "ratio"} {
		t.Run(measure, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				units := make([][]float64, rapid.IntRange(2, 12).Draw(t, "units"))
				for i := range units {
					for range 4 {
						v := float64(rapid.IntRange(0, 6).Draw(t, "v"))
						if v == 0 {
							v = math.NaN()
						}
						units[i] = append(units[i], v)
					}
				}
				o := Options{Replicates: 40, Seed: 3}
				got, err := KrippendorffAlpha(units, measure, o)
				if err != nil {
					return
				}
				if got.Interval.Estimate > 1 || got.Interval.Level > 0 && got.Interval.Low > got.Interval.High {
					t.Fatalf("%+v", *got.Interval)
				}
				again, err := KrippendorffAlpha(units, measure, o)
				if err != nil || again.Interval.Low != got.Interval.Low || again.Interval.High != got.Interval.High {
					t.Fatalf("%+v and %+v of one seed", again.Interval, got.Interval)
				}
				moved := make([][]float64, len(units))
				for i, u := range units {
					for j := range u {
						moved[i] = append(moved[i], 2*u[len(u)-1-j])
					}
				}
				other, err := KrippendorffAlpha(moved, measure, o)
				if err != nil {
					t.Fatal(err)
				}
				mustAgree(t, "alpha of doubled values", other.Interval.Estimate, got.Interval.Estimate, 1e-11)
			})
		})
	}
}

func TestICCLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(2, 5).Draw(t, "judges")
		rows := make([][]float64, rapid.IntRange(2, 10).Draw(t, "subjects"))
		for i := range rows {
			for range k {
				rows[i] = append(rows[i], float64(rapid.IntRange(0, 20).Draw(t, "v")))
			}
		}
		form := rapid.SampledFrom(iccForms[:]).Draw(t, "form")
		got, err := ICC(rows, form, Options{})
		if err != nil {
			refusedAs(t, err, Constant)
			return
		}
		i := got.Interval
		if i.Estimate > 1+1e-12 || form[0] != '2' && i.Level > 0 && !(i.Low <= i.Estimate+1e-12 && i.Estimate <= i.High+1e-12 && i.High <= 1+1e-12) {
			t.Fatalf("%s: %+v", form, *i)
		}
		moved := make([][]float64, len(rows))
		for r, row := range rows {
			for j := range row {
				moved[len(rows)-1-r] = append(moved[len(rows)-1-r], 4*row[k-1-j]-8)
			}
		}
		other, err := ICC(moved, form, Options{})
		if err != nil {
			t.Fatal(err)
		}
		mustAgree(t, "estimate", other.Interval.Estimate, i.Estimate, 1e-9)
	})
}

func TestVoterLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(2, 5).Draw(t, "voters")
		rows := make([][]float64, rapid.IntRange(4, 80).Draw(t, "items"))
		for i := range rows {
			for range k {
				rows[i] = append(rows[i], float64(rapid.IntRange(0, 1).Draw(t, "right")))
			}
		}
		o := Options{Replicates: 30, Seed: 5}
		got, err := ErrorCorrelation(rows, o)
		if err != nil {
			refusedAs(t, err, Constant)
			return
		}
		for _, c := range got.Comparisons {
			var x, y []float64
			for _, row := range rows {
				x, y = append(x, row[c.A]), append(y, row[c.B])
			}
			r, err := Pearson(x, y, Options{})
			if err != nil {
				t.Fatal(err)
			}
			mustAgree(t, "phi", c.Interval.Estimate, r.Interval.Estimate, 1e-12)
		}
		n, err := EffectiveVoters(rows, o)
		if err != nil {
			refusedAs(t, err, Unbounded)
			return
		}
		mustAgree(t, "mean", n.Details[0].Value, got.Statistic, 0)
		if n.Interval.Estimate < 1-1e-12 {
			t.Fatalf("%v voters", n.Interval.Estimate)
		}
		if i := n.Interval; i.Level > 0 && i.Low > i.High {
			t.Fatalf("interval %+v", *i)
		}
	})
}

// TestVotersExtremes looks at voters who are all the same, and at independent ones.
func TestVotersExtremes(t *testing.T) {
	var same, apart [][]float64
	for i := range 64 {
		b := func(k int) float64 { return float64(i >> k & 1) }
		same = append(same, []float64{b(0), b(0), b(0)})
		apart = append(apart, []float64{b(0), b(1), b(2)})
	}
	one, err := EffectiveVoters(same, Options{})
	if err != nil || math.Abs(one.Interval.Estimate-1) > 1e-12 {
		t.Errorf("the same voter three times: %+v, %v", one.Interval, err)
	}
	three, err := EffectiveVoters(apart, Options{})
	if err != nil || math.Abs(three.Interval.Estimate-3) > 1e-12 || !(three.Interval.Low < 3 && three.Interval.High > 3) {
		t.Errorf("three voters: %+v, %v", three.Interval, err)
	}
	dependent, err := ErrorCorrelation(same, Options{Replicates: 500})
	if err != nil || dependent.P > 1.0/501*1.0001 {
		t.Errorf("the same voter three times: %+v, %v", dependent, err)
	}
	independent, err := ErrorCorrelation(apart, Options{Replicates: 500})
	if err != nil || independent.P != 1 {
		t.Errorf("three voters: p = %v, %v", independent.P, err)
	}
	opposed := [][]float64{{0, 1}, {1, 0}, {0, 1}, {1, 0}}
	refusedAs(t, second(EffectiveVoters(opposed, Options{})), Unbounded)
}

func TestAgreementRefusals(t *testing.T) {
	cohen := func(table [][]float64) error { return second(CohenKappa(table, "", Options{})) }
	gwet := func(table [][]float64) error { return second(GwetAC1(Ratings{Table: table}, "", Options{})) }
	for name, f := range map[string]func([][]float64) error{"cohen_kappa": cohen, "gwet_ac1": gwet} {
		for what, c := range map[string]struct {
			table  [][]float64
			reason Reason
		}{
			"not square": {[][]float64{{1, 2, 3}, {1, 2, 3}}, Invalid},
			"ragged":     {[][]float64{{1, 2}, {1}}, Invalid},
			"negative":   {[][]float64{{1, -2}, {1, 2}}, Invalid},
			"fraction":   {[][]float64{{1, 2.5}, {1, 2}}, Invalid},
			"zeros":      {[][]float64{{0, 0}, {0, 0}}, TooFew},
			"one item":   {[][]float64{{0, 1}, {0, 0}}, TooFew},
			"NaN":        {[][]float64{{1, math.NaN()}, {1, 2}}, NotFinite},
			"none":       {nil, Invalid},
			"huge":       {[][]float64{{1, 1e300}, {1, 2}}, Invalid},
			"one":        {[][]float64{{7, 0}, {0, 0}}, Constant},
		} {
			if name == "gwet_ac1" && (what == "one" || what == "none") {
				continue // AC1 of raters who agree on everything is 1; without a table there may be counts
			}
			t.Run(name+" "+what, func(t *testing.T) { refusedAs(t, f(c.table), c.reason) })
		}
	}
	always, err := GwetAC1(Ratings{Table: [][]float64{{7, 0}, {0, 0}}}, "", Options{})
	if err != nil || always.Interval.Estimate != 1 || always.Interval.Level != 0 || always.P != 0 {
		t.Errorf("full agreement: %+v, %v", always, err)
	}
	for what, c := range map[string]struct {
		err    error
		reason Reason
	}{
		"weights":           {second(CohenKappa([][]float64{{1, 2}, {3, 4}}, "cubic", Options{})), BadOption},
		"fleiss unequal":    {second(FleissKappa([][]float64{{1, 2}, {3, 4}}, Options{})), Invalid},
		"fleiss unrated":    {second(FleissKappa([][]float64{{1, 2}, {0, 0}, {2, 1}}, Options{})), Invalid},
		"fleiss one":        {second(FleissKappa([][]float64{{1, 2}}, Options{})), TooFew},
		"fleiss constant":   {second(FleissKappa([][]float64{{3, 0}, {3, 0}}, Options{})), Constant},
		"fleiss ragged":     {second(FleissKappa([][]float64{{3, 0}, {3}}, Options{})), Invalid},
		"fleiss one rater":  {second(FleissKappa([][]float64{{1, 0}, {0, 1}}, Options{})), TooFew},
		"labels":            {labelError([]float64{1, 1}, []float64{1, 1}), Constant},
		"labels unpaired":   {labelError([]float64{1, 1}, []float64{1}), Unpaired},
		"labels NaN":        {labelError([]float64{1, 1}, []float64{1, math.NaN()}), NotFinite},
		"alpha constant":    {second(KrippendorffAlpha([][]float64{{1, 1}, {1, 1}}, "", Options{})), Constant},
		"alpha missing":     {second(KrippendorffAlpha([][]float64{{1, math.NaN()}, {1, 1}}, "", Options{})), TooFew},
		"alpha infinite":    {second(KrippendorffAlpha([][]float64{{1, math.Inf(1)}, {1, 1}}, "", Options{})), NotFinite},
		"alpha negative":    {second(KrippendorffAlpha([][]float64{{1, -1}, {1, 1}}, "ratio", Options{})), Invalid},
		"alpha measure":     {second(KrippendorffAlpha([][]float64{{1, 2}, {1, 1}}, "absolute", Options{})), BadOption},
		"alpha replicates":  {second(KrippendorffAlpha([][]float64{{1, 2}, {1, 1}}, "", Options{Replicates: 1 << 40})), TooLarge},
		"icc one":           {second(ICC([][]float64{{1, 2}}, "", Options{})), TooFew},
		"icc one judge":     {second(ICC([][]float64{{1}, {2}}, "", Options{})), TooFew},
		"icc ragged":        {second(ICC([][]float64{{1, 2}, {2}}, "", Options{})), Invalid},
		"icc constant":      {second(ICC([][]float64{{1, 1}, {1, 1}}, "", Options{})), Constant},
		"icc NaN":           {second(ICC([][]float64{{1, 2}, {1, math.NaN()}}, "", Options{})), NotFinite},
		"icc form":          {second(ICC([][]float64{{1, 2}, {1, 4}}, "4,1", Options{})), BadOption},
		"icc no subjects":   {second(ICC([][]float64{{1, 2}, {2, 1}}, "3,k", Options{})), Constant},
		"voters few":        {second(ErrorCorrelation([][]float64{{1, 0}}, Options{})), TooFew},
		"voters one":        {second(ErrorCorrelation([][]float64{{1}, {0}, {1}, {0}}, Options{})), TooFew},
		"voters score":      {second(ErrorCorrelation([][]float64{{1, 0}, {0.5, 1}, {1, 1}, {0, 1}}, Options{})), Invalid},
		"voters NaN":        {second(ErrorCorrelation([][]float64{{1, 0}, {math.NaN(), 1}, {1, 1}, {0, 1}}, Options{})), Invalid},
		"voters ragged":     {second(EffectiveVoters([][]float64{{1, 0}, {1}, {1, 1}, {0, 1}}, Options{})), Invalid},
		"voters constant":   {second(EffectiveVoters([][]float64{{1, 0}, {1, 1}, {1, 1}, {1, 1}}, Options{})), Constant},
		"voters replicates": {second(EffectiveVoters([][]float64{{1, 0}, {0, 1}, {1, 1}, {1, 1}}, Options{Replicates: 1 << 40})), TooLarge},
	} {
		t.Run(what, func(t *testing.T) { refusedAs(t, c.err, c.reason) })
	}
	exact, err := ICC([][]float64{{1, 1}, {2, 2}, {5, 5}}, "", Options{})
	if err != nil || math.Abs(exact.Interval.Estimate-1) > 1e-12 || exact.P != 0 || len(exact.Warnings) == 0 {
		t.Errorf("judges who agree: %+v, %v", exact, err)
	}
}

func labelError(x, y []float64) error {
	_, err := LabelTable("cohen_kappa", x, y)
	return err
}
