// Package score reads an answer out of what a model wrote, brings it to a form
// in which equal answers are equal strings, and compares it with the expected
// one. Everything here is safe for concurrent use.
//
// An answer that cannot be read is invalid, never wrong: a text without a
// number is not the number nought, and "1,5" is not fifteen.
package score

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/crucible-go/crucible/pkg/events"
)

// ErrUnknown is wrapped by errors about a name that does not exist.
var ErrUnknown = errors.New("unknown name")

// The metrics of one answer. All but BLEU and chrF, which are published from 0 to
// 100, lie between 0 and 1.
const (
	MetricExactMatch  = "exact_match" // 1 where the answer equals the expected one, else 0
	MetricContains    = "contains"    // 1 where the expected one occurs in the answer, see Contains
	MetricF1          = "f1"          // SQuAD's, of multisets of words
	MetricF1Set       = "f1_set"      // the same, of sets
	MetricBLEU        = "bleu"        // of one sentence, see BLEU
	MetricRouge1      = "rouge_1"     // F1 of words
	MetricRouge2      = "rouge_2"     // F1 of pairs of words
	MetricRougeL      = "rouge_l"     // F1 of the longest common subsequence of words
	MetricChrF        = "chrf"        // chrF2
	MetricLevenshtein = "levenshtein" // see Similarity
)

// Metrics are the names of the metrics.
func Metrics() []string {
	return []string{MetricExactMatch, MetricContains, MetricF1, MetricF1Set, MetricBLEU, MetricRouge1, MetricRouge2, MetricRougeL, MetricChrF, MetricLevenshtein}
}

// metricOf returns the metric of a name.
func metricOf(name string) (metric, bool) {
	of := func(f func(answer, expected string) float64) (metric, bool) { return metric{name, f}, true }
	switch name {
	case MetricExactMatch:
		return of(exactMatch)
	case MetricContains:
		return of(contains)
	case MetricF1:
		return of(func(a, e string) float64 { return F1(a, e).F1 })
	case MetricF1Set:
		return of(func(a, e string) float64 { return F1Set(a, e).F1 })
	case MetricBLEU:
		b := NewBLEU()
		return of(func(a, e string) float64 { return b.Sentence(a, e) })
	case MetricRouge1:
		return of(func(a, e string) float64 { return Rouge(1, a, e).F1 })
	case MetricRouge2:
		return of(func(a, e string) float64 { return Rouge(2, a, e).F1 })
	case MetricRougeL:
		return of(func(a, e string) float64 { return RougeL(a, e).F1 })
	case MetricChrF:
		return of(func(a, e string) float64 { return ChrF(a, e) })
	case MetricLevenshtein:
		return of(Similarity)
	}
	return metric{}, false
}

// A metric compares two answers that were read and normalised.
type metric struct {
	name string
	of   func(answer, expected string) float64
}

// Scorer reads and compares answers by one rule.
type Scorer struct {
	extract   Extractor
	normalize Normalizer
	metrics   []metric
}

// New returns the scorer of an extractor, a normaliser and metrics. Empty names
// mean the defaults: no extraction, lowercase_trim, exact_match.
func New(extract, normalize string, metrics []string) (*Scorer, error) {
	e, err := NewExtractor(extract)
	if err != nil {
		return nil, err
	}
	n, err := NewNormalizer(normalize)
	if err != nil {
		return nil, err
	}
	if len(metrics) == 0 {
		metrics = []string{MetricExactMatch}
	}
	s := &Scorer{extract: e, normalize: n}
	for _, name := range metrics {
		m, ok := metricOf(name)
		if !ok {
			return nil, fmt.Errorf("score: metric %q: %w, want %s", name, ErrUnknown, strings.Join(Metrics(), ", "))
		}
		s.metrics = append(s.metrics, m)
	}
	return s, nil
}

// Read returns the answer in a text that a model wrote, extracted and
// normalised. It is false where there is none: for an empty text, where nothing
// matches, and where what matches is not what the normaliser takes. Bytes that
// are not UTF-8 read as U+FFFD.
func (s *Scorer) Read(text string) (answer string, ok bool) {
	text = valid(text)
	found, ok := s.extract.Extract(text)
	if !ok {
		return "", false
	}
	return s.normalize.Normalize(found)
}

// Expected returns the expected answer. A data set holds either a worked
// solution, which is read like an answer, or the bare answer: where reading
// finds nothing, the whole text is normalised as it is.
func (s *Scorer) Expected(text string) (string, bool) {
	if answer, ok := s.Read(text); ok {
		return answer, true
	}
	return s.normalize.Normalize(valid(text))
}

// Score compares an answer of Read with one of Expected and returns every
// metric in the order of New. An empty answer, one that could not be read, has
// 0 of each.
func (s *Scorer) Score(answer, expected string) []events.Metric {
	out := make([]events.Metric, len(s.metrics))
	for i, m := range s.metrics {
		out[i].Name = m.name
		if answer != "" {
			out[i].Value = m.of(answer, expected)
		}
	}
	return out
}

// Correct reports whether an answer is right: the first metric has its greatest
// value.
func (s *Scorer) Correct(answer, expected string) bool {
	if answer == "" {
		return false
	}
	m := s.metrics[0]
	return m.of(answer, expected) >= full(m.name)-1e-9
}

// full is the greatest value of a metric.
func full(name string) float64 {
	switch name {
	case MetricBLEU, MetricChrF:
		return 100
	}
	return 1
}

// exactMatch is the metric exact_match.
func exactMatch(answer, expected string) float64 {
	if answer == expected {
		return 1
	}
	return 0
}

// contains is the metric contains.
func contains(answer, expected string) float64 {
	if Contains(answer, expected) {
		return 1
	}
	return 0
}

// valid returns the text as UTF-8.
func valid(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
