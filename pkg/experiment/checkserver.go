package experiment

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// keyEnvOf is the variable that holds a provider's key where a spec says
// nothing and the address is the provider's own.
func keyEnvOf(provider string) string {
	switch provider {
	case "openai":
		return "OPENAI_API_KEY"
	case "anthropic":
		return "ANTHROPIC_API_KEY"
	case "google":
		return "GEMINI_API_KEY"
	}
	return ""
}

// checkServerModel checks a model that is asked over a network.
func (c checker) checkServerModel(m *Model, at string) {
	c.checkBaseURL(at+".base_url", m.BaseURL)
	if m.APIKeyEnv != "" && !isName(m.APIKeyEnv) {
		c.problem(at+".api_key_env", "it is the name of a variable, such as OPENAI_API_KEY, not the key", "%s.api_key_env is not the name of an environment variable", at)
	}
	c.checkPath(at+".api_key_file", m.APIKeyFile)
	if m.APIKeyFile != "" && c.has(at+".api_key_env") {
		c.problem(at+".api_key_file", "name one of the two", "%s has a variable and a file for its key", at)
	}
	c.checkOutputLimit(m)
	var params map[string]json.RawMessage
	if json.Unmarshal(m.Params, &params) == nil {
		for _, name := range Unsent(m.Provider, m.Model, params) {
			c.warn("model %q (%s) takes no %s: it is not sent", m.ID, m.Model, name)
		}
	}
	for i, class := range m.Accept {
		if slices.Contains(m.Accept[:i], class) {
			c.problem(fmt.Sprintf("%s.accept[%d]", at, i), "name it once", "%s.accept has %q twice", at, class)
		}
	}
	if m.Provider == "http" {
		c.checkHTTP(m, at+".http")
	}
}

func (c checker) checkHTTP(m *Model, at string) {
	if m.HTTP == nil {
		c.problem(at, `write http: {url: "https://host/path", body: '{"prompt": {{json .prompt}}}', answer: text}`, "%s is missing: provider http needs it", at)
		return
	}
	if !c.need(at+".url", m.HTTP.URL, "the address that is asked") || !c.need(at+".answer", m.HTTP.Answer, "the dotted path of the answer in the reply") {
		return
	}
	t, err := m.HTTP.Templates()
	var fault *HTTPError
	if errors.As(err, &fault) {
		c.problem(at+"."+fault.Key, fault.Hint, "%s.%s: %s", at, fault.Key, fault.Err)
		return
	}
	if t.UsesKey && m.APIKeyEnv == "" && m.APIKeyFile == "" {
		c.problem(at, "name its variable in api_key_env, or its file in api_key_file", "%s sends {{.key}}, but the model has no key", at)
	}
	if method := m.HTTP.Method; method != "" && strings.ToUpper(method) != method {
		c.problem(at+".method", "write it as "+strings.ToUpper(method), "%s.method: %q is not a method", at, method)
	}
	for _, p := range []struct{ name, path string }{{"answer", m.HTTP.Answer}, {"served", m.HTTP.Served}, {"finish", m.HTTP.Finish}, {"error", m.HTTP.Error},
		{"usage.input", m.HTTP.Usage.Input}, {"usage.output", m.HTTP.Usage.Output}, {"usage.cached", m.HTTP.Usage.Cached}, {"usage.reasoning", m.HTTP.Usage.Reasoning}} {
		if p.path != "" {
			c.checkFieldPath(at+"."+p.name, p.path)
		}
	}
	for i, s := range m.HTTP.Statuses {
		if s < 200 || s > 599 {
			c.problem(fmt.Sprintf("%s.statuses[%d]", at, i), "", "%s.statuses: %d is not the status of a reply", at, s)
		}
	}
}
