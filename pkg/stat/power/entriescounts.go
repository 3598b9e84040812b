package power

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat"
)

func proportionsEntry() Entry {
	return Entry{Name: "two_proportions", Title: "two independent proportions", OneSided: true,
		Methods: []string{string(Normal), string(Arcsine), string(Exact), string(ExactZ)},
		Keys: []Key{{"p1", "", "proportion of the first group, 0 to 1"}, {"p2", "", "proportion of the second group, 0 to 1"},
			{"h", "", "Cohen's h = 2·arcsin√p2 − 2·arcsin√p1, in place of both; method arcsine"}, ratioKey, iccKey, sizeKey},
		build: proportionsProblem}
}

func proportionsProblem(s settings) (problem, error) {
	method := s.method(string(Normal))
	t := TwoProportions{Method: ProportionMethod(method), Ratio: 1, ClusterSize: 1}
	p := problem{name: "difference", method: method}
	var err error
	if t.Alpha, t.Alternative, err = s.level(); err != nil {
		return p, err
	}
	if err := s.numbers([]string{"ratio", "m", "icc", "p1"}, []*float64{&t.Ratio, &t.ClusterSize, &t.ICC, &t.P1}); err != nil {
		return p, err
	}
	if t.ClusterSize != math.Floor(t.ClusterSize) {
		return p, refuse(stat.BadOption, "clusters of %g: want a whole number", t.ClusterSize)
	}
	p.alternative, p.total = t.Alternative, withRatio(t.Ratio)
	if t.exact() {
		p.total = func(n int) int { return n + int(math.Max(1, math.Round(t.Ratio*float64(n)))) }
	}
	if s.has("h") || !s.has("p1") && s.method(string(Arcsine)) == string(Arcsine) && !s.has("p2") {
		return hProblem(s, t, p)
	}
	if !s.has("p1") {
		return p, refuse(stat.BadOption, "it needs the setting p1, or h with method arcsine")
	}
	p2, known, err := s.number("p2", 0)
	if err != nil {
		return p, err
	}
	if known && !(p2 >= 0 && p2 <= 1) {
		return p, refuse(stat.Invalid, "p2 = %g is outside [0, 1]", p2)
	}
	p.design, p.known, p.value = t, known, p2-t.P1
	p.details = func(n, effect float64) map[string]float64 {
		out := map[string]float64{"p1": t.P1, "p2": t.P1 + effect, "cohen_h": CohenH(t.P1, math.Min(1, math.Max(0, t.P1+effect)))}
		return clustered(out, n, t.ClusterSize, t.ICC)
	}
	return p, t.check()
}

// hProblem plans by Cohen's h alone.
func hProblem(s settings, t TwoProportions, p problem) (problem, error) {
	if s.has("p1") || s.has("p2") {
		return p, refuse(stat.BadOption, "give h, or p1 and p2, not both")
	}
	if s.method(string(Arcsine)) != string(Arcsine) {
		return p, refuse(stat.BadOption, "method %s needs p1 and p2: h alone is for arcsine", s.method(""))
	}
	c := CohensH{Alpha: t.Alpha, Alternative: t.Alternative, Ratio: t.Ratio, ClusterSize: t.ClusterSize, ICC: t.ICC}
	var err error
	if p.value, p.known, err = s.number("h", 0); err != nil {
		return p, err
	}
	if math.Abs(p.value) > math.Pi {
		return p, refuse(stat.Invalid, "h = %g is outside [−π, π]", p.value)
	}
	p.design, p.name, p.method = c, "cohen_h", string(Arcsine)
	p.details = func(n, _ float64) map[string]float64 {
		return clustered(map[string]float64{}, n, t.ClusterSize, t.ICC)
	}
	return p, c.check()
}

// clustered adds what clusters do to the details.
func clustered(out map[string]float64, n, size, icc float64) map[string]float64 {
	if size > 1 {
		out["design_effect"] = DesignEffect(size, icc)
		out["clusters"] = n / size
	}
	return out
}

func mcnemarEntry() Entry {
	return Entry{Name: "mcnemar", Title: "two proportions on the same items", OneSided: true,
		Methods: []string{string(McNemarExact), string(McNemarMidP), string(Miettinen), string(Connor)},
		Keys: []Key{{"p10", "", "probability that only the first condition is right"},
			{"p01", "", "probability that only the second condition is right"},
			{"discordant", "", "probability that a pair differs, p10 + p01"},
			{"psi", "", "odds p01/p10, with discordant or p10"},
			{"p1", "", "proportion of the first condition, with p2 and rho in place of the above"},
			{"p2", "", "proportion of the second condition"},
			{"rho", "0", "correlation of the two conditions over items, with p1 and p2"}},
		build: mcnemarProblem}
}

func mcnemarProblem(s settings) (problem, error) {
	m := McNemar{Method: McNemarMethod(s.method(string(McNemarExact)))}
	p := problem{name: "difference", method: string(m.Method)}
	var err error
	if m.Alpha, m.Alternative, err = s.level(); err != nil {
		return p, err
	}
	v := map[string]float64{}
	for _, name := range []string{"p10", "p01", "discordant", "psi", "p1", "p2", "rho"} {
		x, given, err := s.number(name, 0)
		if err != nil {
			return p, err
		}
		if given {
			v[name] = x
		}
		if given && name != "psi" && name != "rho" && !(x >= 0 && x <= 1) {
			return p, refuse(stat.Invalid, "%s = %g is outside [0, 1]", name, x)
		}
	}
	if err := m.fill(&p, v); err != nil {
		return p, err
	}
	p.design, p.alternative = m, m.Alternative
	p.total = func(n int) int { return n }
	p.details = func(_, effect float64) map[string]float64 {
		p10, p01 := m.cells(effect)
		out := map[string]float64{"p10": p10, "p01": p01, "discordant": p10 + p01}
		if p10 > 0 {
			out["psi"] = p01 / p10
		}
		return out
	}
	return p, m.check()
}

// fill takes the probabilities from whichever settings there are.
func (m *McNemar) fill(p *problem, v map[string]float64) error {
	has := func(name string) bool { _, ok := v[name]; return ok }
	if has("p1") || has("p2") || has("rho") {
		return m.fromMargins(p, v)
	}
	if has("psi") && !(v["psi"] >= 0) {
		return refuse(stat.Invalid, "psi = %g is negative", v["psi"])
	}
	switch {
	case has("p10") && has("p01"):
		if has("psi") || has("discordant") {
			return refuse(stat.BadOption, "p10 and p01 say all: leave out psi and discordant")
		}
		m.P10, p.value, p.known = v["p10"], v["p01"]-v["p10"], true
	case has("discordant") && has("psi"):
		if has("p10") || has("p01") {
			return refuse(stat.BadOption, "discordant and psi say all: leave out p10 and p01")
		}
		p01 := v["discordant"] * (v["psi"] / (1 + v["psi"]))
		m.Discordant, p.value, p.known = v["discordant"], 2*p01-v["discordant"], true
	case has("discordant") && has("p10"):
		m.P10, p.value, p.known = v["p10"], v["discordant"]-2*v["p10"], true
	case has("discordant") && has("p01"):
		m.P10, p.value, p.known = v["discordant"]-v["p01"], 2*v["p01"]-v["discordant"], true
	case has("p10") && has("psi"):
		m.P10, p.value, p.known = v["p10"], v["p10"]*(v["psi"]-1), true
	case has("discordant"):
		m.Discordant = v["discordant"]
	case has("p10"):
		m.P10 = v["p10"]
	default:
		return refuse(stat.BadOption, "it needs p10 and p01, or discordant and psi, or p1, p2 and rho; one of each pair may be solved for")
	}
	if p10, p01 := m.cells(p.value); p.known && !(p10 >= 0 && p01 >= 0 && p10+p01 <= 1+1e-12) {
		return refuse(stat.Invalid, "p10 = %g and p01 = %g are not probabilities of a pair that differs", p10, p01)
	}
	if m.Discordant == 0 && m.P10 == 0 && !p.known {
		return refuse(stat.BadOption, "a discordant probability of 0 leaves no effect to be found")
	}
	return nil
}

// fromMargins takes p₁₀ = p₁(1−p₂) − ρ·√(p₁q₁p₂q₂), and p₀₁ likewise.
func (m *McNemar) fromMargins(p *problem, v map[string]float64) error {
	for _, name := range []string{"p10", "p01", "discordant", "psi"} {
		if _, ok := v[name]; ok {
			return refuse(stat.BadOption, "give %s, or p1, p2 and rho, not both", name)
		}
	}
	p1, ok1 := v["p1"]
	p2, ok2 := v["p2"]
	if !ok1 || !ok2 {
		return refuse(stat.BadOption, "it needs p1 and p2 beside rho; solve for an effect with p10 or discordant")
	}
	rho := v["rho"]
	shared := rho * math.Sqrt(p1*(1-p1)*p2*(1-p2))
	p10, p01 := clip(p1*(1-p2)-shared), clip(p2*(1-p1)-shared)
	if !(rho >= -1 && rho <= 1) || p10 < 0 || p01 < 0 || p10+p01 > 1+1e-12 {
		return refuse(stat.Invalid, "a correlation of %g is impossible between proportions of %g and %g", rho, p1, p2)
	}
	m.P10, p.value, p.known = p10, p01-p10, true
	return nil
}
