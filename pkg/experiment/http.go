package experiment

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"text/template"
)

// HTTP says how a JSON endpoint is asked. URL, Headers and Body are Go templates
// over model, messages (each with role and content), system, prompt (the last
// message), params, seed and key; the function json writes a value as JSON.
type HTTP struct {
	URL      string    `json:"url" yaml:"url" need:"true" doc:"Template of the address; scheme and host are fixed."`
	Method   string    `json:"method,omitempty" yaml:"method" doc:"Method of the request; default POST."`
	Headers  []string  `json:"headers,omitempty" yaml:"headers" doc:"Templates of headers, each as Name: value; default Authorization: Bearer and the key, if there is one."`
	Body     string    `json:"body,omitempty" yaml:"body" doc:"Template of the body, which becomes JSON."`
	Answer   string    `json:"answer" yaml:"answer" need:"true" doc:"Dotted path of the answer in the reply."`
	Usage    HTTPUsage `json:"usage" yaml:"usage" doc:"Dotted paths of the counts of tokens."`
	Served   string    `json:"served,omitempty" yaml:"served" doc:"Dotted path of the name of the model that answered."`
	Finish   string    `json:"finish,omitempty" yaml:"finish" doc:"Dotted path of why the answer ends, such as stop or length."`
	Error    string    `json:"error,omitempty" yaml:"error" doc:"Dotted path of an error in a reply of success."`
	Statuses []int     `json:"statuses,omitempty" yaml:"statuses" doc:"Statuses of success; default 200 to 299."`
}

// HTTPUsage are dotted paths into a reply.
type HTTPUsage struct {
	Input     string `json:"input,omitempty" yaml:"input" doc:"Tokens of the prompt, cached ones included."`
	Output    string `json:"output,omitempty" yaml:"output" doc:"Tokens of the answer, those of reasoning included."`
	Cached    string `json:"cached,omitempty" yaml:"cached" doc:"Tokens of the prompt that were cached."`
	Reasoning string `json:"reasoning,omitempty" yaml:"reasoning" doc:"Tokens of the answer that were not shown."`
}

// HTTPHeader is a header of an HTTPTemplates.
type HTTPHeader struct {
	Name  string
	Value *template.Template
}

// HTTPTemplates are the templates of an HTTP, parsed.
type HTTPTemplates struct {
	Host    string // with its port: fixed
	URL     *template.Template
	Headers []HTTPHeader
	Body    *template.Template // nil: none
	UsesKey bool               // a template sends the key itself
}

// PathKeys cuts a dotted path into its keys.
func PathKeys(path string) []string { return splitPath(path) }

var (
	keyField   = regexp.MustCompile(`\{\{[^}]*\.key\b`)
	fixedHost  = regexp.MustCompile(`^(https?)://([^/{}?#@\s]+)(/|\?|$|\{)`)
	headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
)

// HTTPError is what is wrong with an HTTP, at a key of it.
type HTTPError struct {
	Key  string // url, headers[1], body …
	Hint string
	Err  error
}

// Error implements error.
func (e *HTTPError) Error() string { return e.Key + ": " + e.Err.Error() }

// Unwrap gives the fault itself.
func (e *HTTPError) Unwrap() error { return e.Err }

// Templates parses the templates. An error is an *HTTPError.
func (h *HTTP) Templates() (*HTTPTemplates, error) {
	m := fixedHost.FindStringSubmatch(h.URL)
	if m == nil || m[3] == "{" {
		return nil, &HTTPError{"url", "write it as https://host/path; a template may follow the host, so that no item decides where the key goes", errors.New("not an address with a fixed scheme and host")}
	}
	if u, err := url.Parse(m[1] + "://" + m[2]); err != nil || u.Host != m[2] {
		return nil, &HTTPError{"url", "write it as https://host/path", errors.New("not an address")}
	}
	t := &HTTPTemplates{Host: m[2], UsesKey: keyField.MatchString(h.URL) || keyField.MatchString(h.Body)}
	var err error
	if t.URL, err = httpTemplate("url", h.URL); err != nil {
		return nil, err
	}
	if h.Body != "" {
		if t.Body, err = httpTemplate("body", h.Body); err != nil {
			return nil, err
		}
	}
	for i, line := range h.Headers {
		key := fmt.Sprintf("headers[%d]", i)
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || !headerName.MatchString(name) {
			return nil, &HTTPError{key, `write it as "Name: value"`, errors.New("not a header")}
		}
		if holdsKey(name) && !keyField.MatchString(value) {
			return nil, &HTTPError{key, "write {{.key}} for the key and name its variable in api_key_env; a spec is stored in the log", fmt.Errorf("the value of %s would be stored with the spec", name)}
		}
		t.UsesKey = t.UsesKey || keyField.MatchString(value)
		parsed, err := httpTemplate(key, value)
		if err != nil {
			return nil, err
		}
		t.Headers = append(t.Headers, HTTPHeader{name, parsed})
	}
	return t, nil
}

// holdsKey tells the headers in which keys are sent.
func holdsKey(name string) bool {
	switch name := strings.ToLower(name); name {
	case "authorization", "proxy-authorization", "cookie", "api-key", "apikey", "x-goog-api-key":
		return true
	default:
		return isSecret(strings.ReplaceAll(name, "-", "_"))
	}
}

func httpTemplate(key, text string) (*template.Template, error) {
	t, err := template.New(key).Option("missingkey=error").Funcs(template.FuncMap{"json": templateJSON}).Parse(text)
	if err != nil {
		return nil, &HTTPError{key, "", errors.New(strings.TrimPrefix(err.Error(), "template: "))}
	}
	return t, nil
}

// templateJSON writes a value as JSON, without escapes for HTML.
func templateJSON(v any) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}
