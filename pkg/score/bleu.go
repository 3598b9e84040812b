package score

import (
	"math"
	"regexp"
	"strings"
)

// bleuOrder is the longest run of tokens that BLEU counts.
const bleuOrder = 4

// BLEU computes the metric of Papineni et al. [1] as sacreBLEU does [2]: its
// tokeniser 13a, exponential smoothing, the reference closest in length, and values
// from 0 to 100. It is safe for concurrent use.
//
// [1] Papineni et al. (2002), BLEU: a Method for Automatic Evaluation of Machine
// Translation. [2] Post (2018), A Call for Clarity in Reporting BLEU Scores.
type BLEU struct {
	passes   [4]*regexp.Regexp
	replaced [4]string
}

// NewBLEU returns the metric.
func NewBLEU() *BLEU {
	return &BLEU{
		passes: [4]*regexp.Regexp{
			regexp.MustCompile("([{-~\\[-` -&(-+:-@/])"), // punctuation, but for . , - '
			regexp.MustCompile(`([^0-9])([.,])`),
			regexp.MustCompile(`([.,])([^0-9])`),
			regexp.MustCompile(`([0-9])(-)`),
		},
		replaced: [4]string{" $1 ", "$1 $2 ", " $1 $2", "$1 $2 "},
	}
}

// Signature says how the figures were computed, in sacreBLEU's form.
func (b *BLEU) Signature() string {
	return "nrefs:var|case:mixed|eff:yes|tok:13a|smooth:exp"
}

// tokens splits a text by the rules of mteval-v13a.
func (b *BLEU) tokens(text string) []string {
	text = strings.TrimRight(text, " \t\n\v\f\r")
	text = strings.ReplaceAll(text, "<skipped>", "")
	text = strings.ReplaceAll(text, "-\n", "")
	text = strings.ReplaceAll(text, "\n", " ")
	if strings.Contains(text, "&") {
		text = unescape(text)
	}
	text = " " + text + " "
	for i, re := range b.passes {
		text = re.ReplaceAllString(text, b.replaced[i])
	}
	return strings.Fields(text)
}

// unescape replaces entities one kind after the other, as the original does.
func unescape(text string) string {
	text = strings.ReplaceAll(text, "&quot;", `"`)
	text = strings.ReplaceAll(text, "&amp;", "&")
	text = strings.ReplaceAll(text, "&lt;", "<")
	return strings.ReplaceAll(text, "&gt;", ">")
}

// BLEUCounts are what BLEU adds up over the sentences of a corpus.
type BLEUCounts struct {
	Matched, Total [bleuOrder]int // runs of 1 to 4 tokens: shared with a reference, of the answer
	Answer         int            // tokens of the answers
	Reference      int            // tokens of the references closest in length
}

// Add adds the counts of another sentence.
func (c *BLEUCounts) Add(o BLEUCounts) {
	for i := range bleuOrder {
		c.Matched[i] += o.Matched[i]
		c.Total[i] += o.Total[i]
	}
	c.Answer += o.Answer
	c.Reference += o.Reference
}

// Count compares an answer with its references.
func (b *BLEU) Count(answer string, references ...string) BLEUCounts {
	a := b.tokens(answer)
	c := BLEUCounts{Answer: len(a)}
	best := [bleuOrder]map[string]int{}
	closest := -1
	for _, text := range references {
		r := b.tokens(text)
		gap, held := abs(len(r)-len(a)), abs(closest-len(a))
		if closest < 0 || gap < held || gap == held && len(r) < closest {
			closest = len(r)
		}
		for n := range bleuOrder {
			if best[n] == nil {
				best[n] = map[string]int{}
			}
			for k, v := range counts(r, n+1) {
				best[n][k] = max(best[n][k], v)
			}
		}
	}
	c.Reference = max(0, closest)
	for n := range bleuOrder {
		c.Total[n] = max(0, len(a)-n)
		c.Matched[n] = shared(counts(a, n+1), best[n])
	}
	return c
}

// Sentence is the BLEU of one answer, by the longest runs that it has: a text of
// three words can agree entirely.
func (b *BLEU) Sentence(answer string, references ...string) float64 {
	return b.Count(answer, references...).score(true)
}

// Score is the BLEU of a corpus.
func (c BLEUCounts) Score() float64 { return c.score(false) }

func (c BLEUCounts) score(effective bool) float64 {
	if c.Matched == [bleuOrder]int{} {
		return 0
	}
	penalty := 1.0
	if c.Answer < c.Reference {
		penalty = math.Exp(1 - float64(c.Reference)/float64(c.Answer))
	}
	order, smooth, sum := bleuOrder, 1.0, 0.0
	for n := range bleuOrder {
		if c.Total[n] == 0 {
			if !effective {
				return 0
			}
			break
		}
		if effective {
			order = n + 1
		}
		precision := 100 * float64(c.Matched[n]) / float64(c.Total[n])
		if c.Matched[n] == 0 {
			smooth *= 2
			precision = 100 / (smooth * float64(c.Total[n]))
		}
		sum += math.Log(precision)
	}
	return penalty * math.Exp(sum/float64(order))
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
