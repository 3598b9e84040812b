package stat

import "math"

// BettingSequence returns the confidence sequence of hedged capital for the mean
// of observations in a range, after the last of them [1]. On the scale of the
// unit interval, somebody who holds the mean to be m can be bet against both ways,
//
//	K⁺(m) = Π(1 + min(λᵢ, 1/2m)(xᵢ − m))     K⁻(m) = Π(1 − min(λᵢ, 1/2(1−m))(xᵢ − m))
//
// with the stakes λᵢ of EmpiricalBernsteinSequence, which depend on earlier
// observations only. Under a mean of m both are fair games; the interval holds
// every m against which neither half of the capital has grown to 1/α:
//
//	{m: max(K⁺(m)/2, K⁻(m)/2) < 1/α}
//
// As K⁺ falls and K⁻ rises with m it is an interval; its ends are found by
// bisection to the last bit. It is the narrowest of the sequences here, with the
// range as its only assumption beside a constant mean.
//
// [1] Waudby-Smith, Ramdas (2024), Journal of the Royal Statistical Society B
// 86 (1): 1-27, theorem 3 with c = θ = 1/2.
func BettingSequence(x []float64, r Range, o Options) (Result, error) {
	const test = "confidence_sequence"
	o, err := o.resolveTwoSided(test, "betting")
	if err != nil {
		return Result{}, err
	}
	u, err := r.unit(test, x, 1)
	if err != nil {
		return Result{}, err
	}
	plug := newPlugIn(math.Log(2 / (1 - o.Level)))
	bets, mirrored := make([]float64, len(u)), make([]float64, len(u))
	for i, v := range u {
		bets[i], mirrored[i] = plug.bet(), 1-v
		plug.add(v)
	}
	goal := math.Log(2 / (1 - o.Level))
	// K⁻(m) of the observations is K⁺(1 − m) of their mirror images.
	low, high := bettingEnd(u, bets, goal), 1-bettingEnd(mirrored, bets, goal)
	centre := plug.total / plug.n
	out, err := r.result(test, x, math.Min(low, centre), centre, math.Max(high, centre), o)
	if err == nil && (low > centre || high < centre) {
		out.Warnings = append(out.Warnings, "the stakes have won against the mean of all observations: it seems to change on the way, and the interval was widened to hold it")
	}
	return out, err
}

// bettingEnd returns the least m in [0, 1] for which K⁺(m) < exp(goal).
func bettingEnd(x, bets []float64, goal float64) float64 {
	if capital(x, bets, 0) < goal {
		return 0
	}
	low, high := 0.0, 1.0
	for range 100 {
		m := low + (high-low)/2
		if m <= low || m >= high {
			break
		}
		if capital(x, bets, m) < goal {
			high = m
		} else {
			low = m
		}
	}
	return high
}

// capital returns ln K⁺(m).
func capital(x, bets []float64, m float64) float64 {
	wealth, most := newWealth(), 0.5/m
	for i, v := range x {
		wealth.times(1 + min(bets[i], most)*(v-m))
	}
	return wealth.log()
}

// wealth is a product of many positive factors of moderate size. Products are
// cheap, lose less than sums of logarithms, and are brought back to a logarithm
// before they can overflow.
type wealth struct{ logs, product float64 }

func newWealth() wealth { return wealth{product: 1} }

func (w *wealth) times(f float64) {
	if w.product *= f; w.product > 1e250 || w.product < 1e-250 {
		w.logs, w.product = w.log(), 1
	}
}

// log returns the natural logarithm of the product.
func (w *wealth) log() float64 { return w.logs + math.Log(w.product) }

// MeanBet is a gambler against the hypothesis that the mean of observations in
// [0, 1] is Mu (or, one-sided, at most or at least Mu). Its wealth is an e-value
// after each observation. The zero value is not usable: see NewMeanBet.
type MeanBet struct {
	mu          float64
	alternative Alternative
	plug        plugIn
	up, down    wealth // K⁺, K⁻
	most        float64
}

// NewMeanBet returns a gambler who has not yet seen anything. alpha tunes the
// stakes so as to be quick at that level; the wealth is an e-value whatever it
// is. It panics on mu or alpha outside (0, 1).
func NewMeanBet(mu, alpha float64, alternative Alternative) *MeanBet {
	if !(mu > 0 && mu < 1 && alpha > 0 && alpha < 1) {
		panic("stat: mean and alpha of a bet must lie in (0, 1)")
	}
	sides := 2.0
	if alternative == Greater || alternative == Less {
		sides = 1
	}
	return &MeanBet{mu: mu, alternative: alternative, plug: newPlugIn(math.Log(sides / alpha)), up: newWealth(), down: newWealth()}
}

// Add takes the next observation, in [0, 1].
func (b *MeanBet) Add(x float64) {
	bet := b.plug.bet()
	b.up.times(1 + math.Min(bet, 0.5/b.mu)*(x-b.mu))
	b.down.times(1 - math.Min(bet, 0.5/(1-b.mu))*(x-b.mu))
	b.most = math.Max(b.most, b.LogE())
	b.plug.add(x)
}

// LogE returns the natural logarithm of the e-value now: that of K⁺ where the
// alternative is greater, of K⁻ where it is less, else of their mean.
func (b *MeanBet) LogE() float64 {
	switch b.alternative {
	case Greater:
		return b.up.log()
	case Less:
		return b.down.log()
	}
	return logMean(b.up.log(), b.down.log())
}

// LogP returns the natural logarithm of the p-value, which holds at any time: 1
// over the greatest e-value so far.
func (b *MeanBet) LogP() float64 { return -b.most }

// logMean returns ln((eᵃ + eᵇ)/2).
func logMean(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	return a + math.Log1p(math.Exp(b-a)) - math.Ln2
}
