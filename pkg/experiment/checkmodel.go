package experiment

import (
	"fmt"
	"slices"
	"strings"
)

// keysOf are the keys that only models of some providers have.
func keysOf(key string) []string {
	switch key {
	case "field", "simulated", "latency_field", "latency_unit", "file", "fields":
		return []string{"recorded"}
	case "accuracy", "error_rate", "latency", "correlation", "failures", "retry_after", "error_correlation", "same_wrong",
		"difficulty", "tokens", "first_token", "tokens_per_second", "phases":
		return []string{"simulated"}
	case "command":
		return []string{"exec"}
	case "base_url", "stream":
		return []string{"openai", "anthropic", "google"}
	case "api_key_env", "api_key_file":
		return []string{"openai", "anthropic", "google", "http"}
	case "http":
		return []string{"http"}
	case "accept", "timeout", "retries", "price", "deadline", "loser_cost":
		return []string{"openai", "anthropic", "google", "http", "exec", "simulated"}
	case "params":
		return []string{"openai", "anthropic", "google", "http", "exec"}
	}
	return nil
}

func (c checker) checkModels() {
	if len(c.s.Models) == 0 {
		c.problem("models", "add one, such as: - {id: a, provider: simulated, accuracy: 0.9}", "models is missing or empty: nobody answers")
	}
	lines := make(map[string]int)
	for i := range c.s.Models {
		m, at := &c.s.Models[i], fmt.Sprintf("models[%d]", i)
		if c.need(at+".id", m.ID, "give each model an id") {
			c.checkName(at+".id", m.ID)
			if line, twice := lines[m.ID]; twice {
				c.problem(at+".id", "give each model its own id", "the model id %q is already that of line %d", m.ID, line)
			}
			lines[m.ID] = c.position(at + ".id").line
			if len(c.s.Conditions) > 0 && !c.s.uses(m.ID) {
				c.warn("model %q is in no condition: it is not asked", m.ID)
			}
		}
		c.need(at+".provider", m.Provider, "write one of: "+strings.Join(Supported("models.provider").Works, ", "))
		if Supported("models.provider").Known(m.Provider) {
			c.checkModelKeys(m, at)
		}
		c.checkModel(m, at)
	}
}

// checkModelKeys refuses keys that a model's provider does not have.
func (c checker) checkModelKeys(m *Model, at string) {
	for _, key := range []string{"field", "simulated", "latency_field", "latency_unit", "file", "fields", "accuracy", "error_rate", "latency",
		"correlation", "failures", "retry_after", "error_correlation", "same_wrong", "difficulty", "tokens", "first_token", "tokens_per_second", "phases",
		"command", "base_url", "api_key_env", "api_key_file", "stream", "accept", "http", "timeout", "retries", "price", "params", "deadline", "loser_cost"} {
		if providers := keysOf(key); c.has(at+"."+key) && !slices.Contains(providers, m.Provider) {
			c.problem(at+"."+key, "leave it out", "%s has no meaning for a model of provider %s, only for %s", key, m.Provider, strings.Join(providers, ", "))
		}
	}
}

func (c checker) checkModel(m *Model, at string) {
	limits := at + ".limits"
	for _, l := range []struct {
		name  string
		value int
	}{{"concurrency", m.Limits.Concurrency}, {"rpm", m.Limits.RPM}, {"tpm", m.Limits.TPM}} {
		if c.has(limits + "." + l.name) {
			c.atLeast(limits+"."+l.name, l.value, 1)
		}
	}
	c.atLeast(at+".retries", m.Retries, 0)
	if m.Price != nil && c.has(at+".price") {
		c.need(at+".price.input", string(m.Price.Input), "dollars per million tokens of input")
		c.need(at+".price.output", string(m.Price.Output), "dollars per million tokens of output")
		if m.Price.Batch != nil {
			c.need(at+".price.batch.input", string(m.Price.Batch.Input), "dollars per million tokens of input")
			c.need(at+".price.batch.output", string(m.Price.Batch.Output), "dollars per million tokens of output")
		}
	}
	switch m.Provider {
	case "recorded":
		c.checkRecordedModel(m, at)
	case "simulated":
		c.checkSimulatedModel(m, at)
	case "exec":
		if len(m.Command) == 0 || m.Command[0] == "" {
			c.problem(at+".command", "write command: [python3, my_model.py]", "%s.command is missing or empty", at)
		}
	case "openai", "anthropic", "google", "http":
		c.checkServerModel(m, at)
	}
}

func (c checker) checkRecordedModel(m *Model, at string) {
	if c.need(at+".field", m.Field, "name the field that holds the answer, as a dotted path") {
		c.checkFieldPath(at+".field", m.Field)
	}
	if c.has(at + ".latency_field") {
		c.checkFieldPath(at+".latency_field", m.LatencyField)
	} else if c.has(at + ".latency_unit") {
		c.problem(at+".latency_unit", "", "latency_unit has no meaning without latency_field")
	}
	c.checkPath(at+".file", m.File)
	if m.Fields == nil {
		return
	}
	if m.File == "" {
		c.problem(at+".fields", "name the file with the answers in file", "fields has no meaning without file")
		return
	}
	c.checkFieldPath(at+".fields.id", m.Fields.ID)
	if c.s.Dataset.Fields.ID == "" {
		c.problem(at+".file", "name the field with the ids of the items in dataset.fields.id", "%s.file needs items with ids of their own", at)
	}
}

func (c checker) checkConditions() {
	if len(c.s.Conditions) == 0 {
		c.problem("conditions", "add one, such as: - {name: a, members: [a]}", "conditions is missing or empty: nothing is asked")
		return
	}
	ids := make([]string, 0, len(c.s.Models))
	for i := range c.s.Models {
		ids = append(ids, c.s.Models[i].ID)
	}
	lines := make(map[string]int)
	for i := range c.s.Conditions {
		cond, at := &c.s.Conditions[i], fmt.Sprintf("conditions[%d]", i)
		if c.need(at+".name", cond.Name, "give each condition a name") {
			c.checkName(at+".name", cond.Name)
			if line, twice := lines[cond.Name]; twice {
				c.problem(at+".name", "give each condition its own name", "the condition name %q is already that of line %d", cond.Name, line)
			}
			lines[cond.Name] = c.position(at + ".name").line
		}
		c.checkMembers(cond, at, ids)
	}
	if c.has("control") {
		c.checkReference("control", c.s.Control, "condition", c.conditionNames())
	}
}

func (c checker) checkMembers(cond *Condition, at string, ids []string) {
	if len(cond.Members) == 0 {
		c.problem(at+".members", "name models: "+strings.Join(ids, ", "), "%s.members is missing or empty", at)
	}
	for k, id := range cond.Members {
		if !slices.Contains(ids, id) {
			c.problem(fmt.Sprintf("%s.members[%d]", at, k), didYouMean(id, ids, "the models are"), "there is no model %q", id)
			continue
		}
		if m := c.s.model(id); slices.Contains(cond.Members[:k], id) && m.Provider == "recorded" {
			c.warn("condition %q asks the recorded model %q twice: both answers are the same", cond.Name, id)
		}
	}
	if len(cond.Members) == 1 && c.has(at+".vote") {
		c.warn("condition %q has one member: its vote decides nothing", cond.Name)
	}
	c.checkPolicy(cond, at)
	if len(cond.Members) == 2 && cond.Vote == "majority" && cond.Execution != "hedged" {
		c.warn("condition %q has two members: where they differ, a majority is a tie", cond.Name)
	}
	c.checkHedge(cond, at+".hedge", ids)
}
