package ensemble

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Equivalence says whether two ballots give the same answer in other words. It
// is symmetric.
type Equivalence interface {
	Same(a, b *Ballot) bool
}

// EquivalenceOf returns an equivalence by name; tolerance is that of Options.
func EquivalenceOf(name string, tolerance float64) Equivalence {
	switch name {
	case EquivalenceNumeric:
		return numeric{tolerance}
	case EquivalenceVector:
		return cosine{tolerance}
	}
	return words{}
}

// NewSemantic returns the semantic vote by an equivalence of one's own, for
// NewCustom.
func NewSemantic(e Equivalence) Vote { return semantic{e} }

// words compares answers without regard to case, accents' encoding, spaces and
// punctuation around words. Signs and points within numbers stay.
type words struct{}

// Same implements Equivalence.
func (words) Same(a, b *Ballot) bool {
	if a.Answer == b.Answer {
		return true
	}
	return wordsOf(a.Answer) == wordsOf(b.Answer)
}

// wordsOf is the form in which words are compared.
func wordsOf(s string) string {
	s = cases.Fold().String(norm.NFKC.String(s))
	fields := strings.Fields(s)
	out := fields[:0]
	for _, f := range fields {
		f = strings.TrimRightFunc(f, punctuation)
		f = strings.TrimLeftFunc(f, func(r rune) bool { return punctuation(r) && r != '-' && r != '.' && r != '−' })
		if f != "" {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		return s
	}
	return strings.Join(out, " ")
}

// punctuation reports what may stand around a word.
func punctuation(r rune) bool { return unicode.IsPunct(r) && r != '%' }

// numeric compares numbers up to a relative tolerance; what is no number is
// compared as text.
type numeric struct{ tolerance float64 }

// Same implements Equivalence.
func (n numeric) Same(a, b *Ballot) bool {
	if a.Answer == b.Answer {
		return true
	}
	x, errX := strconv.ParseFloat(a.Answer, 64)
	y, errY := strconv.ParseFloat(b.Answer, 64)
	if errX != nil || errY != nil {
		return false
	}
	return math.Abs(x-y) <= n.tolerance*math.Max(math.Abs(x), math.Abs(y))
}

// cosine compares embeddings by the cosine between them.
type cosine struct{ least float64 }

// Same implements Equivalence.
func (c cosine) Same(a, b *Ballot) bool {
	if a.Answer == b.Answer {
		return true
	}
	if len(a.Vector) == 0 || len(a.Vector) != len(b.Vector) {
		return false
	}
	var dot, x, y float64
	for i := range a.Vector {
		u, v := float64(a.Vector[i]), float64(b.Vector[i])
		dot, x, y = dot+u*v, x+u*u, y+v*v
	}
	return x > 0 && y > 0 && dot >= c.least*math.Sqrt(x)*math.Sqrt(y)
}

// semantic is the majority of clusters of equivalent answers. A ballot joins the
// first cluster, in the order of their first ballots, all of whose ballots it is
// the same as: likeness is not transitive, and no chain of small steps joins
// answers that are far apart. The answer is the text that most of the cluster
// gave, the first listed of several.
type semantic struct{ same Equivalence }

// Count implements Vote.
func (s semantic) Count(valid []Ballot) Count {
	var clusters [][]int
	for i := range valid {
		at := slices.IndexFunc(clusters, func(c []int) bool {
			return !slices.ContainsFunc(c, func(j int) bool { return !s.same.Same(&valid[j], &valid[i]) })
		})
		if at < 0 {
			clusters = append(clusters, []int{i})
			continue
		}
		clusters[at] = append(clusters[at], i)
	}
	out := Count{Total: float64(len(valid)), Heads: true}
	for _, c := range clusters {
		inside := make([]Ballot, len(c))
		holders := make([]int, len(c))
		for k, i := range c {
			inside[k], holders[k] = valid[i], valid[i].Order
		}
		texts := candidates(inside)
		best := 0
		for k := range texts {
			if texts[k].Votes > texts[best].Votes {
				best = k
			}
		}
		out.Candidates = append(out.Candidates, Candidate{Answer: texts[best].Answer, Votes: len(c),
			Score: float64(len(c)), First: holders[0], holders: holders})
	}
	return out
}
