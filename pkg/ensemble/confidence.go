package ensemble

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// LogProbConfidence is the geometric mean of the probabilities of an answer's
// tokens, from their natural logarithms; false without any, or with one that is
// no log-probability.
func LogProbConfidence(logProbs []float64) (float64, bool) {
	if len(logProbs) == 0 {
		return 0, false
	}
	sum := 0.0
	for _, l := range logProbs {
		if math.IsNaN(l) || l > 1e-6 {
			return 0, false
		}
		sum += math.Min(l, 0)
	}
	return math.Exp(sum / float64(len(logProbs))), true
}

// verbal is a line or clause that states a confidence: "Confidence: 85%",
// "confidence is 0.85", "I am 85 % confident", "85% sure".
var verbal = regexp.MustCompile(`(?i)(?:\bconfidence(?:\s+(?:level|score))?\s*(?:is|=|:)?\s*(?:about|around|approximately)?\s*(\d+(?:\.\d+)?)\s*(%|/\s*100\b|/\s*10\b|per\s?cent\b)?)|(?:(\d+(?:\.\d+)?)\s*(%|per\s?cent)\s+(?:confident|sure|certain)\b)`)

// VerbalConfidence reads the confidence that an answer states of itself, the
// last one if it states several; false if it states none, or one outside its
// range. A number above 1 without a unit is a percentage only above 10, for "7"
// may be seven of ten.
func VerbalConfidence(text string) (float64, bool) {
	all := verbal.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		return 0, false
	}
	m := all[len(all)-1]
	number, unit := m[1], strings.ToLower(strings.ReplaceAll(m[2], " ", ""))
	if number == "" {
		number, unit = m[3], "%"
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, false
	}
	switch {
	case unit == "/10":
		v /= 10
	case unit != "":
		v /= 100
	case v > 10:
		v /= 100
	case v > 1:
		return 0, false
	}
	return v, v <= 1
}

// ConfidenceOf is the confidence of an answer: what the provider stated, or else
// what the answer says of itself. A stated one of 0 is none.
func ConfidenceOf(stated float64, text string) (float64, bool) {
	if stated > 0 {
		return stated, true
	}
	return VerbalConfidence(text)
}

// SampleConfidence is the share of a member's samples of an item that agree with
// its answer, the leading one; false for fewer than two samples.
func SampleConfidence(samples []string) (answer string, confidence float64, ok bool) {
	votes, most := map[string]int{}, 0
	for _, s := range samples {
		if s != "" {
			votes[s]++
			most = max(most, votes[s])
		}
	}
	if len(samples) < 2 || most == 0 {
		return "", 0, false
	}
	first := slices.IndexFunc(samples, func(s string) bool { return votes[s] == most })
	return samples[first], float64(most) / float64(len(samples)), true
}

// Calibrator turns a stated confidence into how often answers of that confidence
// are right. It must be fitted on other items than those it is used on.
type Calibrator interface {
	Calibrate(confidence float64) float64
}

// Isotonic is a rising step function through the observed shares.
type Isotonic struct {
	// From are the least confidences of the steps, ascending, and Share the
	// share of right answers there.
	From  []float64 `json:"from"`
	Share []float64 `json:"share"`
}

// FitIsotonic fits by pooling adjacent violators: the rising function with the
// least squared error [1]. It refuses fewer than ten observations and confidences
// outside 0 to 1.
//
// [1] Ayer et al. (1955), Annals of Mathematical Statistics 26 (4): 641-647.
func FitIsotonic(confidence []float64, right []bool) (Isotonic, error) {
	order, err := calibrating("isotonic", confidence, right)
	if err != nil {
		return Isotonic{}, err
	}
	type block struct{ from, right, n float64 }
	var blocks []block
	for i := 0; i < len(order); {
		b := block{from: confidence[order[i]]}
		for ; i < len(order) && confidence[order[i]] == b.from; i++ {
			b.n++
			if right[order[i]] {
				b.right++
			}
		}
		blocks = append(blocks, b)
		for n := len(blocks); n > 1 && blocks[n-2].right*blocks[n-1].n >= blocks[n-1].right*blocks[n-2].n; n-- {
			blocks[n-2].right += blocks[n-1].right
			blocks[n-2].n += blocks[n-1].n
			blocks = blocks[:n-1]
		}
	}
	var out Isotonic
	for _, b := range blocks {
		out.From, out.Share = append(out.From, b.from), append(out.Share, b.right/b.n)
	}
	return out, nil
}

// Calibrate implements Calibrator. Below the least confidence seen it is the
// first step.
func (s Isotonic) Calibrate(confidence float64) float64 {
	at, exact := slices.BinarySearch(s.From, confidence)
	if !exact {
		at--
	}
	return s.Share[max(at, 0)]
}

// Temperature divides the log-odds of a confidence.
type Temperature struct {
	T float64 `json:"t"`
}

// FitTemperature finds the temperature under which the observed answers are most
// likely, between 0.05 and 20 [1]. It refuses what FitIsotonic refuses.
//
// [1] Guo et al. (2017), ICML, "On Calibration of Modern Neural Networks".
func FitTemperature(confidence []float64, right []bool) (Temperature, error) {
	if _, err := calibrating("temperature", confidence, right); err != nil {
		return Temperature{}, err
	}
	loss := func(logT float64) float64 {
		t, sum := Temperature{math.Exp(logT)}, 0.0
		for i, c := range confidence {
			p := math.Min(math.Max(t.Calibrate(c), 1e-12), 1-1e-12)
			if right[i] {
				sum -= math.Log(p)
			} else {
				sum -= math.Log1p(-p)
			}
		}
		return sum
	}
	// The loss has one minimum in 1/T: golden section.
	lo, hi := math.Log(0.05), math.Log(20.0)
	const golden = 0.6180339887498949
	for range 60 {
		a, b := hi-golden*(hi-lo), lo+golden*(hi-lo)
		if loss(a) < loss(b) {
			hi = b
		} else {
			lo = a
		}
	}
	return Temperature{math.Exp((lo + hi) / 2)}, nil
}

// Calibrate implements Calibrator.
func (t Temperature) Calibrate(confidence float64) float64 {
	c := math.Min(math.Max(confidence, 1e-9), 1-1e-9)
	return 1 / (1 + math.Exp(-math.Log(c/(1-c))/t.T))
}

// calibrating checks observations and returns their order by confidence.
func calibrating(name string, confidence []float64, right []bool) ([]int, error) {
	if len(confidence) != len(right) || len(confidence) < 10 {
		return nil, fmt.Errorf("ensemble: %s: %w: %d confidences and %d answers, want ten or more of both", name, ErrCalibration, len(confidence), len(right))
	}
	order := make([]int, len(confidence))
	for i, c := range confidence {
		if !(c >= 0 && c <= 1) {
			return nil, fmt.Errorf("ensemble: %s: %w: confidence %v, want 0 to 1", name, ErrCalibration, c)
		}
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case confidence[a] < confidence[b]:
			return -1
		case confidence[a] > confidence[b]:
			return 1
		}
		return a - b
	})
	return order, nil
}
