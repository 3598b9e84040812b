package analysis

import (
	"fmt"
	"math"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat"
)

// family are the comparisons of one metric: every other condition against the
// control, and the pair that the hypothesis names where it is another one. Their
// p values are adjusted together.
func (d *deriver) family(m metric) []Comparison {
	var out []Comparison
	skipped := 0
	for _, pair := range d.pairsOf(m.name) {
		c := d.compare(m, pair[0], pair[1])
		if c.NPairs == 0 {
			skipped++
			continue
		}
		out = append(out, c)
	}
	if skipped > 0 {
		d.warnings = append(d.warnings, fmt.Sprintf("%s: %s not made, since no item has a value under both conditions",
			m.name, plural(skipped, "comparison was", "comparisons were")))
	}
	d.adjust(m.name, out)
	return out
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (d *deriver) pairsOf(metric string) [][2]*group {
	find := func(name string) *group {
		i := slices.IndexFunc(d.groups, func(g *group) bool { return g.spec.Name == name })
		if i < 0 {
			return nil
		}
		return d.groups[i]
	}
	var out [][2]*group
	if control := find(d.spec.Control); control != nil {
		for _, g := range d.groups {
			if g != control {
				out = append(out, [2]*group{g, control})
			}
		}
	}
	if h := d.spec.Hypothesis; h != nil && h.Metric == metric {
		pair := [2]*group{find(h.Treatment), find(d.hypothesisControl())}
		if pair[0] != nil && pair[1] != nil && pair[0] != pair[1] && !slices.Contains(out, pair) {
			out = append(out, pair)
		}
	}
	return out
}

func (d *deriver) hypothesisControl() string {
	if c := d.spec.Hypothesis.Control; c != "" {
		return c
	}
	return d.spec.Control
}

// adjust sets the adjusted p values of a family by Holm's method.
func (d *deriver) adjust(family string, cs []Comparison) {
	var ps []float64
	for i := range cs {
		if cs[i].P != nil {
			ps = append(ps, *cs[i].P)
		}
	}
	adjusted := stat.Holm(ps)
	for i := range cs {
		cs[i].Family, cs[i].FamilySize = family, len(ps)
		if cs[i].P != nil {
			cs[i].PAdjusted, adjusted = ptr(adjusted[0]), adjusted[1:]
		}
	}
}

func (d *deriver) compare(m metric, treatment, control *group) Comparison {
	c := Comparison{
		Metric: m.name, Treatment: treatment.spec.Name, Control: control.spec.Name, Test: "none",
		Simulated: treatment.simulated || control.simulated, Warnings: []string{},
		Effect: Effect{Level: d.level, Unit: m.unit, Method: "none"},
	}
	p := pairs(treatment.valuesOf(m), control.valuesOf(m), d.cluster, d.clusters, d.repeat)
	c.NPairs = len(p.treatment)
	if c.NPairs == 0 {
		return c
	}
	if d.clustered {
		c.Clusters = p.clusters
	}
	switch m.scale {
	case shares:
		d.compareShares(&c, &p)
	case means:
		d.compareMeans(&c, &p)
	case quantiles:
		d.compareQuantiles(&c, &p, m)
	}
	if missing := d.in.Items*d.repeat - c.NPairs; missing > 0 {
		c.warn(fmt.Sprintf("%s left out: one of the two has no value", plural(missing, "pair is", "pairs are")))
	}
	return c
}

func (c *Comparison) warn(text string) { c.Warnings = append(c.Warnings, text) }

func (c *Comparison) tested(test string, statistic, p float64) {
	c.Test, c.Statistic, c.P = test, ptr(statistic), ptr(math.Max(p, stat.SmallestP))
}

func (e *Effect) set(name, method string, estimate float64) {
	e.Name, e.Method, e.Estimate = name, method, ptr(estimate)
}

func (e *Effect) bounds(low, high float64) { e.Low, e.High = ptr(low), ptr(high) }

// compareShares: exact McNemar and Newcombe's interval; over clusters the exact
// sign-flip test and the cluster-robust interval.
func (d *deriver) compareShares(c *Comparison, p *paired) {
	n := p.table()
	c.Counts = &n
	if d.clustered {
		d.compareClusteredShares(c, p)
		return
	}
	r := stat.McNemarExact(n.Treatment, n.Control)
	c.tested(r.Test, r.Statistic, r.P)
	iv := stat.RiskDifferencePaired(n.Both, n.Treatment, n.Control, n.Neither, d.level)
	c.Effect.set("risk_difference", iv.Method, iv.Estimate)
	c.Effect.bounds(iv.Low, iv.High)
	d.discordant(c, n.Treatment+n.Control)
}

// discordant warns where no outcome of the differing pairs could be significant.
func (d *deriver) discordant(c *Comparison, n int) {
	switch least := math.Ldexp(1, 1-n); {
	case n == 0:
		c.warn("no pair differs: the test has nothing to go by")
	case least > d.alpha:
		c.warn(fmt.Sprintf("only %s: the smallest possible p value is %.3g, so no outcome could have been significant",
			plural(n, "pair differs", "pairs differ"), math.Min(1, least)))
	}
}

func (p *paired) table() (n Counts) {
	for i, t := range p.treatment {
		switch c := p.control[i]; {
		case t == 1 && c == 1:
			n.Both++
		case t == 1:
			n.Treatment++
		case c == 1:
			n.Control++
		default:
			n.Neither++
		}
	}
	return n
}

func (d *deriver) compareClusteredShares(c *Comparison, p *paired) {
	diffs, differing := p.flips()
	sum, tail, exact := signFlip(diffs)
	test := "sign_flip_exact"
	if !exact {
		test = "sign_flip_normal"
	}
	c.tested(test, float64(sum), tail.two)
	d.discordant(c, differing)
	m := p.difference()
	c.Effect.set("risk_difference", "cluster_robust_t", m.mean)
	if d.enoughFor(c, m) {
		low, high := m.interval(d.level)
		c.Effect.bounds(math.Max(-1, low), math.Min(1, high))
	}
}

// flips are the differences of shares, summed over clusters, and the number of
// those that are not zero.
func (p *paired) flips() (diffs []int, differing int) {
	diffs = make([]int, p.clusters)
	for i, g := range p.cluster {
		diffs[g] += int(p.treatment[i] - p.control[i])
	}
	for _, v := range diffs {
		if v != 0 {
			differing++
		}
	}
	return diffs, differing
}

// difference is the mean of the pairs' differences over their clusters.
func (p *paired) difference() clusterMean {
	diff := make([]float64, len(p.treatment))
	for i := range diff {
		diff[i] = p.treatment[i] - p.control[i]
	}
	return meanBy(diff, p.cluster, p.clusters, 1)
}

func (d *deriver) enoughFor(c *Comparison, m clusterMean) bool {
	switch {
	case d.clustered && m.clusters < fewClusters, m.clusters < 2:
		c.warn(fmt.Sprintf("no interval: %s too few to tell how much they vary", plural(m.clusters, "item is", "items are")))
	case m.same || m.se == 0:
		c.warn("no interval: the difference is the same everywhere, which does not tell how much it varies")
	default:
		if d.clustered && m.clusters < littleClusters {
			c.warn(fmt.Sprintf("only %d items: the interval is rough", m.clusters))
		}
		return true
	}
	return false
}

// compareMeans: the paired t test over clusters. A difference that is the same
// on every pair is known exactly, and its test is that of signs.
func (d *deriver) compareMeans(c *Comparison, p *paired) {
	m := p.difference()
	c.Effect.set("mean_difference", "paired_t", m.mean)
	if m.same {
		c.Effect.Method = "constant"
		c.Effect.bounds(m.mean, m.mean)
		least := 1.0
		if m.mean != 0 {
			least = math.Min(1, math.Ldexp(1, 1-m.clusters))
		} else {
			c.warn("no pair differs: there is nothing to test")
		}
		c.tested("constant", m.mean, least)
		return
	}
	if d.clustered {
		c.Effect.Method = "paired_t_clustered"
	}
	if !d.enoughFor(c, m) {
		return
	}
	if !d.clustered && m.clusters < littleMean {
		c.warn(fmt.Sprintf("only %d pairs: test and interval take the mean difference for normally distributed", m.clusters))
	}
	t, tail := m.test()
	c.tested(c.Effect.Method, t, tail.two)
	c.Effect.bounds(m.interval(d.level))
}

// compareQuantiles: the difference of the quantiles with the paired bootstrap
// over clusters, refused where the quantile itself has no interval.
func (d *deriver) compareQuantiles(c *Comparison, p *paired, m metric) {
	sorted := func(v []float64) float64 {
		v = slices.Clone(v)
		slices.Sort(v)
		return quantile7(v, m.q)
	}
	const method = "paired_bootstrap_percentile"
	c.Effect.set("quantile_difference", method, sorted(p.treatment)-sorted(p.control))
	if need := stat.QuantileNeed(m.q, d.level); p.clusters < need {
		c.warn(unbounded(m, p.clusters, need))
		return
	}
	drawn := d.replicates(c, p, m)
	c.Replicates = len(drawn)
	c.Effect.bounds(percentileInterval(drawn, d.level))
	c.tested(method, *c.Effect.Estimate, percentileTails(drawn).two)
	if drawn[0] == drawn[len(drawn)-1] {
		c.warn("ties: every replicate has the same difference")
	}
}

// replicates draws once for all quantiles of a pair of conditions.
func (d *deriver) replicates(c *Comparison, p *paired, m metric) []float64 {
	key := [2]string{c.Treatment, c.Control}
	if d.drawn == nil {
		d.drawn = map[[2]string]map[string][]float64{}
	}
	if d.drawn[key] == nil {
		var qs []float64
		var names []string
		for _, o := range d.metrics {
			if o.scale == quantiles {
				qs, names = append(qs, o.q), append(names, o.name)
			}
		}
		reps := replicatesFor(d.spec.Analysis.Bootstrap, p.clusters)
		byName := map[string][]float64{}
		for i, v := range p.quantileDifferences(qs, reps, d.seed("difference", c.Treatment, c.Control)) {
			byName[names[i]] = v
		}
		d.drawn[key] = byName
	}
	return d.drawn[key][m.name]
}

// addHypothesis says what the comparison that the spec names has shown. A
// one-sided p value takes the place of the two-sided one in its family.
func (d *deriver) addHypothesis(a *Analysis) {
	h := d.spec.Hypothesis
	if h == nil {
		return
	}
	out := &Hypothesis{
		ID: h.ID, Claim: h.Claim, Metric: h.Metric, Treatment: h.Treatment, Control: d.hypothesisControl(),
		Alternative: h.Alternative, Verdict: Untested,
	}
	if out.Alternative == "" {
		out.Alternative = "two-sided"
	}
	a.Hypothesis = out
	c := a.Compare(out.Metric, out.Treatment, out.Control)
	if c == nil || c.P == nil {
		return
	}
	out.P, out.PAdjusted = c.P, c.PAdjusted
	if out.Alternative != "two-sided" {
		out.P, out.PAdjusted = d.oneSided(a, c, out.Alternative)
	}
	out.Verdict = NotShown
	if *out.PAdjusted <= a.Alpha {
		out.Verdict = direction(c)
	}
}

// direction is that of the estimated effect. A difference of quantiles can be
// significant and yet 0, where most observations are equal: nothing is shown
// then.
func direction(c *Comparison) string {
	switch e := c.Effect.Estimate; {
	case e == nil || *e == 0:
		return NotShown
	case *e > 0:
		return Higher
	default:
		return Lower
	}
}

// oneSided is the p value of a directed alternative and its adjusted value in
// the family. Every test here has a null distribution that is symmetric, so the
// tail in the direction of the effect is half the two-sided p value; in the
// other direction 1 is reported, an upper bound.
func (d *deriver) oneSided(a *Analysis, c *Comparison, alternative string) (p, adjusted *float64) {
	v := 1.0
	if dir := direction(c); alternative == "greater" && dir == Higher || alternative == "less" && dir == Lower {
		v = *c.P / 2
	}
	family, at := []float64{}, 0
	for i := range a.Comparisons {
		o := &a.Comparisons[i]
		switch {
		case o.Metric != c.Metric || o.P == nil:
		case o == c:
			at = len(family)
			family = append(family, v)
		default:
			family = append(family, *o.P)
		}
	}
	return ptr(v), ptr(stat.Holm(family)[at])
}
