package stat

import "math"

// AnovaMixed is the analysis of variance of groups of subjects (between), each
// subject (row) measured under all k conditions (within): subject i is of group
// group[i]. Its terms are
//
//   - between: the groups, F = [SSG/(g − 1)] / [SSS/(n − g)], by the means of subjects;
//   - within: the conditions, and
//   - between:within, whether groups differ in how conditions differ: both by the
//     error SSE with (n − g)(k − 1) degrees of freedom that is left of the values after
//     the means of subjects and of cells.
//
// With groups of one size that is all. Else the conditions' means are those of all
// subjects (kind 1 or 2, the default) or count groups equally (kind 3).
//
// It assumes independent subjects, normal values, one variance of subjects' means
// and one covariance matrix of the differences between conditions in all groups.
// The latter's sphericity is dealt with as by RMAnova, from the covariances pooled
// over groups: methods gg, the default, hf (with Lecoutre's correction, n − g + 1 for
// n) and none. DF and P of the terms within are the corrected ones.
//
// Statistic, DF and P are those of the interaction: whether the groups differ in
// their course is what the design is for. Each term has partial η²; generalized η²
// of each [1] is among the details.
//
// [1] Olejnik, Algina (2003), Psychological Methods 8 (4): 434-447.
func AnovaMixed(rows [][]float64, group []string, kind int, o Options) (Result, error) {
	const test = "anova_mixed"
	o, err := o.resolve(test, "gg", "hf", "none")
	if err == nil {
		err = o.onlyTwoSided(test)
	}
	if kind == 0 {
		kind = 2
	}
	if err == nil && (kind < 1 || kind > 3) {
		err = badOption(test, "type %d is not one of 1, 2, 3", kind)
	}
	if err != nil {
		return Result{}, err
	}
	m, err := newMixed(rows, group)
	if err != nil {
		return Result{}, err
	}
	return m.analyse(kind, o)
}

// mixed is a layout of repeated measures of groups of subjects. Its residuals are
// those about the means of cells.
type mixed struct {
	*repeated
	// subjects by group, their sums of squares times k.
	between             *oneWayLayout
	ssBetween, ssWithin float64
	// cells[g][j] is the mean of group g under condition j, less those of all.
	cells               [][]float64
	ssInteraction, left float64
}

func newMixed(rows [][]float64, group []string) (*mixed, error) {
	const test = "anova_mixed"
	if len(rows) != len(group) {
		return nil, refuse(test, Unpaired, min(len(rows), len(group)), 0, "%d subjects with %d groups: each subject needs one", len(rows), len(group))
	}
	at, names := levelsOf(group)
	if len(names) < 2 {
		return nil, refuse(test, TooFew, len(names), 2, "too few groups")
	}
	if len(rows) <= len(names) {
		return nil, refuse(test, TooFew, len(rows), len(names)+1, "no group has two subjects")
	}
	d, err := newRepeated(test, rows)
	if err != nil {
		return nil, err
	}
	if d.k > maxConditions {
		return nil, refuse(test, TooLarge, d.n, 0, "%d conditions are more than %d", d.k, maxConditions)
	}
	m := &mixed{repeated: d, cells: make([][]float64, len(names))}
	subjects := make([][]float64, len(names))
	sums := make([]twoSum, len(names)*d.k)
	for i, g := range at {
		subjects[g] = append(subjects[g], d.subjects[i])
		for j := range d.k {
			sums[g*d.k+j].add(d.residuals[i*d.k+j])
		}
	}
	for g := range names {
		n := len(subjects[g])
		m.cells[g] = make([]float64, d.k)
		for j := range d.k {
			hi, lo := sums[g*d.k+j].over(n)
			m.cells[g][j] = hi + lo
		}
		m.ssInteraction += float64(n) * squares(m.cells[g])
	}
	for i, g := range at {
		for j, c := range m.cells[g] {
			d.residuals[i*d.k+j] -= c
		}
	}
	m.left = squares(d.residuals)
	if d.ssError == 0 || m.left <= 1e-28*d.ssError {
		return nil, refuse(test, Constant, d.n, 0, "within each group the differences between conditions are the same for every subject: the F ratios divide by their variation")
	}
	if m.between, err = newOneWay(test, subjects, 1); err != nil {
		return nil, err
	}
	k := float64(d.k)
	m.ssBetween, m.ssWithin = k*m.between.between(), k*m.between.residual()
	if d.ssSubjects == 0 || m.ssWithin <= 1e-28*(m.ssBetween+d.ssSubjects) {
		return nil, refuse(test, Constant, d.n, 0, "within each group the means of subjects are all equal: the F ratio of the groups divides by their variation")
	}
	return m, checkSquares(test, d.n, m.left, m.ssWithin)
}

// conditionsEqually is the sum of squares of the conditions with groups counting
// equally.
func (m *mixed) conditionsEqually() float64 {
	g := float64(len(m.cells))
	inverse, total := 0.0, 0.0
	for _, n := range m.between.n {
		inverse += 1 / float64(n)
	}
	for j, c := range m.conditions {
		for _, cell := range m.cells {
			c += cell[j] / g
		}
		total += c * c
	}
	return total * g * g / inverse
}

func (m *mixed) analyse(kind int, o Options) (Result, error) {
	const test = "anova_mixed"
	groups := len(m.cells)
	dBetween, dSubjects := float64(groups-1), float64(m.n-groups)
	dWithin := float64(m.k - 1)
	dError := dWithin * dSubjects
	conditions := m.ssConditions
	if kind == 3 {
		conditions = m.conditionsEqually()
	}
	s := newSphericity(m.residuals, m.n, m.k, groups)
	r := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: m.between.n}
	term, err := newTerm(test, m.n, "between", m.ssBetween, dBetween, m.ssWithin, dSubjects, o.Level)
	if err != nil {
		return Result{}, err
	}
	r.Terms = append(r.Terms, term)
	noise := m.ssWithin + m.left
	r.Details = append(r.Details, detail("ss_subjects", m.ssWithin), detail("ss_error", m.left),
		detail("generalized_eta_squared_between", m.ssBetween/(m.ssBetween+noise)))
	for _, t := range []struct {
		name   string
		ss, d1 float64
	}{{"within", conditions, dWithin}, {"between:within", m.ssInteraction, dWithin * dBetween}} {
		term, err := newTerm(test, m.n, t.name, t.ss, t.d1, m.left, dError, o.Level)
		if err != nil {
			return Result{}, err
		}
		epsilon, logP := s.pick(o.Method, s.corrected(term.F, t.d1, dError))
		p := Result{}.withP(logP)
		term.DF, term.P, term.LogP = []float64{t.d1 * epsilon, dError * epsilon}, p.P, p.LogP
		r.Terms = append(r.Terms, term)
		name := map[string]string{"within": "within", "between:within": "interaction"}[t.name]
		r.Details = append(r.Details, detail("generalized_eta_squared_"+name, t.ss/(t.ss+noise)))
	}
	r.Details = append(r.Details, detail("gg_epsilon", s.gg), detail("hf_epsilon", s.hf))
	if s.p > 1 && !s.singular {
		r.Details = append(r.Details, detail("mauchly_w", s.w), detail("mauchly_p", math.Max(SmallestP, math.Exp(s.logP))))
	}
	last := r.Terms[2]
	r.Statistic, r.DF = last.F, last.DF
	if len(last.Effect) > 0 {
		r.Effect = &last.Effect[0]
	}
	return r.withP(last.LogP), nil
}
