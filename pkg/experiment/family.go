package experiment

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
)

// reasoning finds the models of the chat completions protocol that think before
// they answer, whoever serves them: o1, o3-mini, gpt-5 and later, but not their
// chat variants.
var reasoning = regexp.MustCompile(`^(?:.*/)?(?:o[1-9](?:-|$)|gpt-(?:[5-9]|[1-9][0-9])(?:[.-]|$))`)

var chatVariant = regexp.MustCompile(`-chat(?:-|$)`)

// thinks reports whether a model is one of those.
func thinks(provider, model string) bool {
	return provider == "openai" && reasoning.MatchString(model) && !chatVariant.MatchString(model)
}

// sampling are the parameters that models which think do not take.
func sampling() []string {
	return []string{"frequency_penalty", "logit_bias", "logprobs", "presence_penalty", "temperature", "top_logprobs", "top_p"}
}

// ModelParams are the parameters that a model is sent for those of a spec: as
// they are, but for models that think, whose max_tokens is spelt
// max_completion_tokens, and which take no parameters of sampling other than 1
// unless their reasoning_effort is none.
func ModelParams(provider, model string, params map[string]json.RawMessage) map[string]json.RawMessage {
	if !thinks(provider, model) || len(params) == 0 {
		return params
	}
	out := maps.Clone(params)
	if limit, ok := out["max_tokens"]; ok {
		delete(out, "max_tokens")
		if _, both := out["max_completion_tokens"]; !both {
			out["max_completion_tokens"] = limit
		}
	}
	for _, name := range Unsent(provider, model, params) {
		delete(out, name)
	}
	return out
}

// Unsent names the parameters of a spec that ModelParams leaves out.
func Unsent(provider, model string, params map[string]json.RawMessage) []string {
	if !thinks(provider, model) || string(params["reasoning_effort"]) == `"none"` {
		return nil
	}
	var names []string
	for _, name := range sampling() {
		if value, ok := params[name]; ok && string(value) != "1" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
