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

// MetricExactMatch is 1 where the answer equals the expected one, else 0.
const MetricExactMatch = "exact_match"

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
		if name != MetricExactMatch {
			return nil, fmt.Errorf("score: metric %q: %w, want %s", name, ErrUnknown, MetricExactMatch)
		}
		s.metrics = append(s.metrics, metric{name, exactMatch})
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
// no match.
func (s *Scorer) Score(answer, expected string) []events.Metric {
	out := make([]events.Metric, len(s.metrics))
	for i, m := range s.metrics {
		out[i] = events.Metric{Name: m.name, Value: m.of(answer, expected)}
	}
	return out
}

// exactMatch is the metric exact_match.
func exactMatch(answer, expected string) float64 {
	if answer != "" && answer == expected {
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
