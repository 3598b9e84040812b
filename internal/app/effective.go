package app

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Effective is what a configuration amounts to, without secrets.
type Effective struct {
	Data       string          `json:"data"`
	Out        string          `json:"out"`
	NATS       string          `json:"nats"`
	ClickHouse string          `json:"clickhouse"`
	Workers    int             `json:"workers"`
	Services   []string        `json:"services"`
	HTTP       string          `json:"http"`
	DataRoot   string          `json:"data_root"`
	Durability string          `json:"durability"`
	Pools      []EffectivePool `json:"pools"`
}

// EffectivePool is a pool in an Effective.
type EffectivePool struct {
	Name        string `json:"name"`
	Provider    string `json:"provider"`
	BaseURL     string `json:"base_url"`
	KeyEnv      string `json:"api_key_env"`
	KeyFile     string `json:"api_key_file,omitempty"`
	KeySet      bool   `json:"key_set"`
	Concurrency int    `json:"concurrency"`
	RPM         int    `json:"rpm"`
	TPM         int    `json:"tpm"`
}

// Effective says what the configuration amounts to.
func (c Config) Effective() Effective {
	e := Effective{
		Data:       c.Data,
		Out:        c.Out,
		NATS:       or(redacted(c.NATS), "embedded"),
		ClickHouse: or(redacted(c.ClickHouse), "embedded"),
		Workers:    c.Workers,
		Services:   c.Services,
		HTTP:       c.HTTP,
		DataRoot:   c.DataRoot,
		Durability: or(c.File.Log.Durability, "always"),
	}
	if len(e.Services) == 0 {
		e.Services = Services()
	}
	for _, p := range c.pools() {
		e.Pools = append(e.Pools, EffectivePool{
			Name: p.Name, Provider: p.Provider, BaseURL: redacted(p.BaseURL), KeyEnv: p.KeyEnv, KeyFile: p.KeyFile,
			KeySet:      p.KeyEnv != "" && c.Getenv(p.KeyEnv) != "",
			Concurrency: p.Concurrency, RPM: p.RPM, TPM: p.TPM,
		})
	}
	return e
}

func or(v, otherwise string) string {
	if v == "" {
		return otherwise
	}
	return v
}

// Text is the configuration for people.
func (e Effective) Text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(w, "data\t%s\nout\t%s\nlog\t%s, durability %s\nstore\t%s\n", e.Data, e.Out, e.NATS, e.Durability, e.ClickHouse)
	_, _ = fmt.Fprintf(w, "services\t%s\nworkers\t%s\nprobes\t%s\ndata root\t%s\n", strings.Join(e.Services, ", "), workers(e.Workers), or(e.HTTP, "none"), or(e.DataRoot, "none"))
	for _, p := range e.Pools {
		_, _ = fmt.Fprintf(w, "pool %s\t%s", p.Name, p.Provider)
		if p.BaseURL != "" {
			_, _ = fmt.Fprintf(w, " at %s", p.BaseURL)
		}
		if p.KeyFile != "" {
			_, _ = fmt.Fprintf(w, ", key in the file %s", p.KeyFile)
		}
		if p.KeyEnv != "" {
			set := "not set"
			if p.KeySet {
				set = "set"
			}
			_, _ = fmt.Fprintf(w, ", key in %s (%s)", p.KeyEnv, set)
		}
		_, _ = fmt.Fprintf(w, ", %d at a time", p.Concurrency)
		if p.RPM > 0 {
			_, _ = fmt.Fprintf(w, ", %d requests a minute", p.RPM)
		}
		if p.TPM > 0 {
			_, _ = fmt.Fprintf(w, ", %d tokens a minute", p.TPM)
		}
		_, _ = fmt.Fprintln(w)
	}
	_ = w.Flush() // to memory
	return b.String()
}

func workers(n int) string {
	if n == 0 {
		return "as many as the pools say"
	}
	return fmt.Sprintf("%d calls at a time per pool", n)
}
