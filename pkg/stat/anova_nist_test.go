package stat

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// nistSet is a data set of testdata/nist/anova.json.
type nistSet struct {
	Name      string
	F         float64
	SSBetween float64 `json:"ss_between"`
	SSWithin  float64 `json:"ss_within"`
	Groups    []struct {
		// Turns is a first value, two that take turns, and how often they do.
		Turns  []float64
		Values []float64
	}
}

func (s nistSet) groups() [][]float64 {
	out := make([][]float64, len(s.Groups))
	for i, g := range s.Groups {
		out[i] = g.Values
		if g.Turns != nil {
			out[i] = append(out[i], g.Turns[0])
			for range int(g.Turns[3]) {
				out[i] = append(out[i], g.Turns[1], g.Turns[2])
			}
		}
	}
	return out
}

// nistCeiling is the log relative error of F that exact arithmetic has on the data
// once they are rounded to float64, at most 15.
var nistCeiling = map[string]float64{
	"SiRstv": 13.1, "SmLs01": 15, "SmLs02": 15, "SmLs03": 15, "AtmWtAg": 10.2,
	"SmLs04": 10.4, "SmLs05": 10.2, "SmLs06": 10.2, "SmLs07": 4.4, "SmLs08": 4.2, "SmLs09": 4.2,
}

func TestAnovaReachesTheCeilingOfNIST(t *testing.T) {
	text, err := os.ReadFile("testdata/nist/anova.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Sets []nistSet }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Sets) != len(nistCeiling) {
		t.Fatalf("%d sets, want %d", len(file.Sets), len(nistCeiling))
	}
	for _, s := range file.Sets {
		r, err := Anova(s.groups(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		lre := logRelativeError(r.Statistic, s.F)
		t.Logf("%-8s F %.1f of %.1f digits, between %.1f, within %.1f", s.Name, lre, nistCeiling[s.Name],
			logRelativeError(r.Details[0].Value, s.SSBetween), logRelativeError(r.Details[1].Value, s.SSWithin))
		if lre < nistCeiling[s.Name]-0.2 {
			t.Errorf("%s: F = %.16g, certified %.16g: %.2f digits, want %.1f", s.Name, r.Statistic, s.F, lre, nistCeiling[s.Name])
		}
	}
}

// logRelativeError is the number of digits that agree, at most 15.
func logRelativeError(got, want float64) float64 {
	if got == want {
		return 15
	}
	return math.Min(15, -math.Log10(math.Abs(got-want)/math.Abs(want)))
}
