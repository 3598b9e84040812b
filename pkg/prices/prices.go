// Package prices has the list prices of language models: one dated table, and
// what its entries mean. A model that the table does not have has no known price;
// unknown is never free.
package prices

import (
	"crypto/sha256"
	_ "embed" // the table
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/crucible-go/crucible/pkg/money"
)

//go:embed table.yaml
var builtin string

// Table is a table of prices.
type Table struct {
	version string
	text    string
	entries map[string]*Entry // by provider and model, aliases too
	count   int
}

// Source says where prices come from.
type Source struct {
	Name string `yaml:"name"`
	AsOf string `yaml:"as_of"` // a date
}

// Entry is the prices of one model, in US dollars per million tokens.
type Entry struct {
	Provider string   `yaml:"provider"`
	Model    string   `yaml:"model"`
	Aliases  []string `yaml:"aliases"`
	Class    `yaml:",inline"`
	Batch    *Class `yaml:"batch"` // of requests that may take long; nil is unknown
}

// Class is the prices of one class of service. An empty price of cached input or
// reasoning is that of input or output.
type Class struct {
	Input     string `yaml:"input"`
	Cached    string `yaml:"cached"`
	Output    string `yaml:"output"`
	Reasoning string `yaml:"reasoning"`
}

type file struct {
	Version string            `yaml:"version"`
	Sources map[string]Source `yaml:"sources"`
	Models  []Entry           `yaml:"models"`
}

// Builtin is the table of this version.
func Builtin() *Table {
	t, err := Parse(builtin)
	if err != nil {
		panic("prices: the built-in table: " + err.Error()) // a test reads it
	}
	return t
}

// Parse reads a table from YAML, or from JSON. Unknown keys are errors.
func Parse(text string) (*Table, error) {
	var f file
	if err := yaml.UnmarshalWithOptions([]byte(text), &f, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("table of prices: %w", err)
	}
	if f.Version == "" {
		return nil, errors.New("table of prices: it has no version")
	}
	t := &Table{version: f.Version, text: text, entries: map[string]*Entry{}, count: len(f.Models)}
	for i := range f.Models {
		if err := t.add(&f.Models[i]); err != nil {
			return nil, fmt.Errorf("table of prices: models[%d]: %w", i, err)
		}
	}
	return t, nil
}

func (t *Table) add(e *Entry) error {
	if e.Provider == "" || e.Model == "" {
		return errors.New("it has no provider or no model")
	}
	for _, c := range []*Class{&e.Class, e.Batch} {
		if c == nil {
			continue
		}
		if _, err := money.NewRates(c.Input, c.Cached, c.Output, c.Reasoning); err != nil {
			return fmt.Errorf("%s: %w", e.Model, err)
		}
	}
	for _, name := range append([]string{e.Model}, e.Aliases...) {
		key := e.Provider + "/" + name
		if t.entries[key] != nil {
			return fmt.Errorf("%s is there twice", name)
		}
		t.entries[key] = e
	}
	return nil
}

// Version names the table and its content: the version that it states and the
// first digits of its hash.
func (t *Table) Version() string {
	sum := sha256.Sum256([]byte(t.text))
	return t.version + "+" + hex.EncodeToString(sum[:])[:8]
}

// Text is the table as it was read.
func (t *Table) Text() string { return t.text }

// Len is the number of models.
func (t *Table) Len() int { return t.count }

// Find returns the prices of a model by its name at the provider. A name with the
// date or the number of a version, such as gpt-4o-mini-2024-07-18 or
// gemini-2.0-flash-001, or with "-latest", has the prices of the name without it,
// unless it has its own.
func (t *Table) Find(provider, model string) (*Entry, bool) {
	if e := t.entries[provider+"/"+model]; e != nil {
		return e, true
	}
	if base := dated(model); base != "" {
		e := t.entries[provider+"/"+base]
		return e, e != nil
	}
	return nil, false
}

// dated is a name without the date of its version, "" if it has none.
func dated(model string) string {
	i := strings.LastIndexByte(model, '-')
	if i < 0 {
		return ""
	}
	if rest := model[i+1:]; rest == "latest" || len(rest) == 8 && digits(rest) || len(rest) == 3 && digits(rest) {
		return model[:i]
	}
	at := regexp.MustCompile(`-\d{4}-\d{2}-\d{2}$`).FindStringIndex(model)
	if at == nil {
		return ""
	}
	return model[:at[0]]
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// Listed reports whether the prices of a provider hold at an address: its own,
// not that of a service that is compatible with it.
func Listed(provider, baseURL string) bool {
	host, known := map[string]string{
		"openai": "api.openai.com", "anthropic": "api.anthropic.com", "google": "generativelanguage.googleapis.com",
	}[provider]
	if !known {
		return false
	}
	rest, https := strings.CutPrefix(baseURL, "https://")
	return baseURL == "" || https && (rest == host || strings.HasPrefix(rest, host+"/"))
}
