// Package app wires Crucible together: it reads the configuration, opens the
// log and the store, runs services, and does to runs what the command line
// offers. Nothing here asks whether the log and the store are inside this
// process or elsewhere.
package app

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/crucible-go/crucible/internal/limiter"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// Config is what the flags, the environment and the configuration file say.
type Config struct {
	Data       string   // folder of the embedded log and store
	Out        string   // folder of the results
	NATS       string   // URL of the log; "" is embedded
	ClickHouse string   // URL of the store; "" is embedded
	Workers    int      // calls at a time per pool; 0 is what the pools say
	Services   []string // which services to run
	HTTP       string   // address of probes and metrics; "" is none
	DataRoot   string   // folder below which specs may name files
	Prices     string   // file with a table of prices; "" is the built-in one
	Cache      string   // folder of answers to be used again; "" is none
	Version    string   // of this binary
	Getenv     func(string) string
	Metrics    *limiter.Metrics // of the pools; nil for none
	File       File             // what only the configuration file says
}

// File is the content of a configuration file. Every key of it may be left out.
type File struct {
	// The keys up to Prices are defaults of the flags of the same names.
	Data       string   `yaml:"data"`
	Out        string   `yaml:"out"`
	NATS       string   `yaml:"nats"`
	ClickHouse string   `yaml:"clickhouse"`
	Workers    int      `yaml:"workers"`
	Services   []string `yaml:"services"`
	HTTP       string   `yaml:"http"`
	DataRoot   string   `yaml:"data_root"`
	Prices     string   `yaml:"prices"`

	Log   LogFile    `yaml:"log"`
	Pools []PoolFile `yaml:"pools"`
}

// LogFile says how the log keeps what it is given.
type LogFile struct {
	Durability string `yaml:"durability"` // always (default) | interval
	Replicas   int    `yaml:"replicas"`   // of each stream, default 1
	MaxBytes   int64  `yaml:"max_bytes"`  // of a run's stream, default unlimited
	MinFree    int64  `yaml:"min_free"`   // bytes that the disk of what is embedded keeps free, default 64 MiB
	CAFile     string `yaml:"ca_file"`
	CertFile   string `yaml:"cert_file"`
	KeyFile    string `yaml:"key_file"`
	CredsFile  string `yaml:"creds_file"`
}

// PoolFile declares a pool that the callers of a cluster serve.
type PoolFile struct {
	Name       string   `yaml:"name"` // for readers; callers go by the rest
	Provider   string   `yaml:"provider"`
	BaseURL    string   `yaml:"base_url"`
	APIKeyEnv  string   `yaml:"api_key_env"`
	APIKeyFile string   `yaml:"api_key_file"`
	Command    []string `yaml:"command"`

	HTTP *experiment.HTTP `yaml:"http"` // of http: as in the spec

	Concurrency int `yaml:"concurrency"`
	RPM         int `yaml:"rpm"`
	TPM         int `yaml:"tpm"`
}

// ReadFile reads a configuration file; "" is an empty one. Errors name the
// line, the column and the keys that exist.
func ReadFile(name string) (File, error) {
	var f File
	if name == "" {
		return f, nil
	}
	b, err := os.ReadFile(name) //nolint:gosec // the user names his own file
	if err != nil {
		return f, &UsageError{fmt.Errorf("configuration file: %w", err), "name a readable YAML file with --config"}
	}
	if err := yaml.UnmarshalWithOptions(b, &f, yaml.Strict()); err != nil {
		return f, fileError(name, err)
	}
	for i, p := range f.Pools {
		if !experiment.Supported("models.provider").Known(p.Provider) {
			return f, &UsageError{
				fmt.Errorf("%s: pools[%d].provider: %q is not a provider", name, i, p.Provider),
				"one of " + strings.Join(experiment.Supported("models.provider").Works, ", "),
			}
		}
	}
	return f, nil
}

// fileError gives a fault of the file its position and, for an unknown key, the
// nearest known one.
func fileError(name string, err error) error {
	var yerr yaml.Error
	if !errors.As(err, &yerr) {
		return &UsageError{fmt.Errorf("%s: %w", name, err), ""}
	}
	pos := name
	hint := ""
	if t := yerr.GetToken(); t != nil {
		pos = fmt.Sprintf("%s:%d:%d", name, t.Position.Line, t.Position.Column)
		if near := experiment.Nearest(t.Value, fileKeys); near != "" && near != t.Value {
			hint = fmt.Sprintf("did you mean %s?", near)
		}
	}
	return &UsageError{fmt.Errorf("%s: %s", pos, yerr.GetMessage()), hint}
}

// fileKeys are all keys of a configuration file, for hints.
var fileKeys = []string{
	"data", "out", "nats", "clickhouse", "workers", "services", "http", "data_root", "prices",
	"log", "durability", "replicas", "max_bytes", "min_free", "ca_file", "cert_file", "key_file", "creds_file",
	"pools", "name", "provider", "base_url", "api_key_env", "api_key_file", "command", "url", "method", "headers", "body", "answer", "usage", "served", "finish", "error", "statuses", "concurrency", "rpm", "tpm",
}

// pools are the declared pools, with the workers of this process.
func (c Config) pools() []experiment.Pool {
	out := []experiment.Pool{
		experiment.NewPool("recorded", "", "", nil),
		experiment.NewPool("simulated", "", "", nil),
	}
	for _, f := range c.File.Pools {
		p := experiment.NamedPool(experiment.Pool{Provider: f.Provider, BaseURL: f.BaseURL, KeyEnv: f.APIKeyEnv, KeyFile: f.APIKeyFile, HTTP: f.HTTP, Command: f.Command})
		if f.Concurrency > 0 {
			p.Concurrency = f.Concurrency
		}
		p.RPM, p.TPM = f.RPM, f.TPM
		out = append(out, p)
	}
	return out
}

// UsageError is a fault of what the user gave: wrong usage or invalid input.
type UsageError struct {
	Err  error
	Hint string
}

// Error implements error.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap gives the fault itself.
func (e *UsageError) Unwrap() error { return e.Err }

// Flags are the flags that the file gives defaults for, as text.
func (f File) Flags() map[string]string {
	m := map[string]string{
		"data": f.Data, "out": f.Out, "nats": f.NATS, "clickhouse": f.ClickHouse,
		"http": f.HTTP, "data-root": f.DataRoot, "prices": f.Prices, "services": strings.Join(f.Services, ","),
	}
	if f.Workers != 0 {
		m["workers"] = strconv.Itoa(f.Workers)
	}
	return m
}
