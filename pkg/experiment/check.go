package experiment

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// checker finds what is wrong with a spec whose types are right.
type checker struct {
	*decoder
	s     *Spec
	later bool // prices are found later
}

func check(d *decoder, s *Spec, later bool) {
	c := checker{d, s, later}
	c.checkHead()
	c.checkDataset()
	c.checkTexts()
	c.checkScore()
	c.checkModels()
	c.checkConditions()
	c.checkMetrics()
	c.checkHypothesis()
	c.checkRun()
	c.checkBudget()
	c.checkAnalysis()
}

// need reports a key that is missing or empty.
func (c checker) need(path, value, hint string) bool {
	switch {
	case !c.has(path):
		c.problem(path, hint, "%s is missing", path)
	case value == "":
		c.problem(path, hint, "%s is empty", path)
	default:
		return true
	}
	return false
}

func (c checker) warn(format string, args ...any) {
	c.s.Warnings = append(c.s.Warnings, fmt.Sprintf(format, args...))
}

func (c checker) atLeast(path string, value, least int) {
	if value < least {
		c.problem(path, "", "%s: %d is less than %d", path, value, least)
	}
}

func (c checker) checkHead() {
	switch {
	case !c.has("version"):
		c.problem("version", "begin with: version: 1", "version is missing")
	case c.s.Version != Version:
		c.problem("version", "this program reads version 1", "unknown version %d", c.s.Version)
	}
	if c.need("name", c.s.Name, "give the experiment a name") {
		c.checkName("name", c.s.Name)
	}
	for i, t := range c.s.Tags {
		c.checkName(fmt.Sprintf("tags[%d]", i), t)
	}
}

func (c checker) checkName(path, name string) {
	if why := nameProblem(name); why != "" {
		c.problem(path, "a name is 1 to 200 bytes of UTF-8 without control characters", "%s %s", path, why)
	}
}

func (c checker) checkDataset() {
	d := &c.s.Dataset
	if c.need("dataset.path", d.Path, "name the file of the data set, relative to the spec") && d.Source == "" {
		c.problem("dataset.source", "write one of: "+strings.Join(Supported("dataset.source").Works, ", "), "dataset.source is missing, and the extension of %q does not say it", d.Path)
	}
	c.checkPath("dataset.path", d.Path)
	if c.has("dataset.fields.id") {
		c.checkFieldPath("dataset.fields.id", d.Fields.ID)
	}
	c.checkFieldPath("dataset.fields.input", d.Fields.Input)
	c.checkFieldPath("dataset.fields.expected", d.Fields.Expected)
	c.checkSample()
}

func (c checker) checkSample() {
	sample := &c.s.Dataset.Sample
	sized := sample.Method == "head" || sample.Method == "random" || sample.Method == "stratified"
	switch {
	case sized && !c.has("dataset.sample.size"):
		c.problem("dataset.sample.size", "write size: 100", "dataset.sample.size is missing: method %s needs it", sample.Method)
	case sized:
		c.atLeast("dataset.sample.size", sample.Size, 1)
	case c.has("dataset.sample.size"):
		c.problem("dataset.sample.size", "write method: random, or method: head", "dataset.sample.size has no meaning with method %s", sample.Method)
	}
	for _, key := range []struct{ name, method string }{{"by", "stratified"}, {"folds", "kfold"}} {
		if c.has("dataset.sample."+key.name) && sample.Method != key.method {
			c.problem("dataset.sample."+key.name, "", "dataset.sample.%s has no meaning with method %s", key.name, sample.Method)
		}
	}
}

// checkPath refuses names of files that no file has.
func (c checker) checkPath(path, file string) {
	if strings.ContainsAny(file, "\x00\r\n") {
		c.problem(path, "", "%s has a control character", path)
	}
}

func (c checker) checkFieldPath(path, field string) {
	if slices.Contains(splitPath(field), "") {
		c.problem(path, `write keys with dots between them: a.b; a dot in a key is written \.`, "%s: %q has an empty part", path, field)
	}
}

func (c checker) checkTexts() {
	for _, t := range []struct{ path, text string }{{"prompt", c.s.Prompt}, {"system", c.s.System}} {
		if _, err := compilePrompt(t.path, t.text); err != nil {
			c.problem(t.path, "it is a Go template over the item, such as {{.input}}", "%s is not a template: %v", t.path, err)
		}
	}
	if strings.TrimSpace(c.s.Prompt) == "" {
		c.problem("prompt", "leave it out for {{.input}}", "prompt is empty")
	}
}

func (c checker) checkScore() {
	c.checkExtract()
	c.unique("score.metrics", c.s.Score.Metrics)
	if len(c.s.Score.Metrics) == 0 {
		c.problem("score.metrics", "leave it out for exact_match", "score.metrics is empty")
	}
	if c.has("score.k") && !slices.Contains(c.s.Score.Metrics, "pass_at_k") {
		c.problem("score.k", "", "score.k has no meaning without the metric pass_at_k")
	}
	for i, k := range c.s.Score.K {
		c.atLeast(fmt.Sprintf("score.k[%d]", i), k, 1)
	}
}

func (c checker) checkExtract() {
	extract, values := c.s.Score.Extract, Supported("score.extract")
	if extract == "" || values.Known(extract) || isName(extract) {
		c.checkListed(extract, "score.extract", "score.extract", values)
		return
	}
	if _, err := regexp.Compile("(?m)" + extract); err != nil {
		why := strings.ReplaceAll(strings.TrimPrefix(err.Error(), "error parsing regexp: "), "(?m)", "")
		c.problem("score.extract", "see https://github.com/google/re2/wiki/Syntax; there are no look-arounds and no back references", "score.extract is not a regular expression: %s", why)
	}
}

func (c checker) unique(path string, list []string) {
	for i, v := range list {
		if slices.Contains(list[:i], v) {
			c.problem(fmt.Sprintf("%s[%d]", path, i), "", "%q is in %s twice", v, path)
		}
	}
}

func (c checker) checkMetrics() {
	known := c.metricNames()
	values := Values{Works: known}
	c.unique("metrics", c.s.Metrics)
	if len(c.s.Metrics) == 0 {
		c.problem("metrics", "leave it out for the default", "metrics is empty")
	}
	for i, m := range c.s.Metrics {
		path := fmt.Sprintf("metrics[%d]", i)
		if later := Supported("score.metrics").Known(m) && !slices.Contains(known, m); later {
			c.problem(path, "add it to score.metrics", "the metric %q is not one of score.metrics", m)
			continue
		}
		if !isQuantile(m) {
			c.checkListed(m, path, "metric", values)
		}
	}
}

// isQuantile says whether a metric is a quantile of the latency: latency_p95,
// latency_p99.9.
func isQuantile(metric string) bool {
	digits, ok := strings.CutPrefix(metric, "latency_p")
	p, err := strconv.ParseFloat(digits, 64)
	return ok && err == nil && p > 0 && p < 100
}

// metricNames are the metrics of the spec: those of every run, and those of its
// scores.
func (c checker) metricNames() []string {
	return slices.Concat(Supported("metrics").Works, c.s.Score.Metrics)
}

func (c checker) checkHypothesis() {
	h := c.s.Hypothesis
	if h == nil {
		return
	}
	c.need("hypothesis.claim", h.Claim, "say in words what is claimed")
	c.checkReference("hypothesis.treatment", h.Treatment, "condition", c.conditionNames())
	if c.has("hypothesis.control") {
		c.checkReference("hypothesis.control", h.Control, "condition", c.conditionNames())
	}
	c.checkReference("hypothesis.metric", h.Metric, "metric", c.s.Metrics)
	switch {
	case h.Treatment != "" && h.Treatment == h.Control:
		c.problem("hypothesis.treatment", "", "hypothesis.treatment and hypothesis.control are the same condition")
	case h.Control != c.s.Control:
		c.problem("hypothesis.control", "write control: "+c.s.Control+", or change control", "hypothesis.control %q is not control: conditions are compared with %q", h.Control, c.s.Control)
	}
}

// checkReference checks a key that names something else in the spec.
func (c checker) checkReference(path, value, what string, known []string) {
	if c.need(path, value, "name one of: "+strings.Join(known, ", ")) && !slices.Contains(known, value) {
		c.problem(path, didYouMean(value, known, "known"), "%s: there is no %s %q", path, what, value)
	}
}

func (c checker) conditionNames() []string {
	names := make([]string, 0, len(c.s.Conditions))
	for _, cond := range c.s.Conditions {
		names = append(names, cond.Name)
	}
	return names
}

func (c checker) checkRun() {
	s := c.s
	c.atLeast("repeat", s.Repeat, 1)
	if s.Repeat > 10_000 {
		c.problem("repeat", "", "repeat: %d is more than 10000", s.Repeat)
	}
	c.atLeast("max_in_flight", s.MaxInFlight, 1)
	if s.MaxInFlight > DefaultMaxInFlight {
		c.problem("max_in_flight", "", "max_in_flight: %d is more than %d", s.MaxInFlight, DefaultMaxInFlight)
	}
	for i := range s.Models {
		m := &s.Models[i]
		if m.Provider == "recorded" || m.Provider == "simulated" || m.Provider == "" || !s.uses(m.ID) {
			continue
		}
		if s.Clock == "virtual" {
			c.problem("clock", "write clock: real", "clock virtual needs simulated or recorded models, and %q is of provider %s", m.ID, m.Provider)
		}
		if s.ShareAnswers {
			c.problem("share_answers", "leave it out: conditions then ask separately", "share_answers works only with simulated and recorded models in this version, and %q is of provider %s", m.ID, m.Provider)
		}
	}
}

func (c checker) checkBudget() {
	b := &c.s.Budget
	c.atLeast("budget.calls", b.Calls, 0)
	c.atLeast("budget.tokens", b.Tokens, 0)
	if b.USD == "0" || b.USD == "" || c.later {
		return
	}
	for i := range c.s.Models {
		m := &c.s.Models[i]
		if m.Provider != "" && c.s.uses(m.ID) && m.price() == nil {
			c.problem(fmt.Sprintf("models[%d]", i), `add price: {input: "0.15", output: "0.60"}, dollars per million tokens`,
				"the price of model %q is unknown, so a budget in dollars cannot be kept", m.ID)
		}
	}
}

func (c checker) checkAnalysis() {
	a := &c.s.Analysis
	if a.Alpha <= 0 || a.Alpha >= 1 {
		c.problem("analysis.alpha", "0.05 is usual", "analysis.alpha: %v is not between 0 and 1", a.Alpha)
	}
	if a.Cluster != "" {
		c.checkFieldPath("analysis.cluster", a.Cluster)
	}
	c.atLeast("analysis.bootstrap", a.Bootstrap, 1)
	if a.Bootstrap > 10_000_000 {
		c.problem("analysis.bootstrap", "", "analysis.bootstrap: %d is more than 10000000", a.Bootstrap)
	}
	if len(c.s.Report.Formats) == 0 {
		c.problem("report.formats", "leave it out for markdown", "report.formats is empty")
	}
	c.unique("report.formats", c.s.Report.Formats)
}

// checkBaseURL refuses addresses that cannot be asked, and keys in them.
func (c checker) checkBaseURL(path, address string) {
	if address == "" {
		return
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		c.problem(path, "write it as https://host/v1", "%s is not an address of a service", path)
	case u.User != nil:
		c.problem(path, "put the key into a variable and name it in api_key_env; a spec is stored in the log", "%s has a user or a password in it", path)
	}
}
