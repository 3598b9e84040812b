package experiment

import (
	"slices"
	"strings"

	"github.com/crucible-go/crucible/pkg/events"
)

// Pool is a provider at an address with a key: what limits are shared by.
type Pool struct {
	Name        string // a token of a subject
	Provider    string
	BaseURL     string   // "": the provider's own
	KeyEnv      string   // name of the variable that holds the key
	KeyFile     string   `json:",omitempty"` // file that holds the key
	HTTP        *HTTP    `json:",omitempty"` // of http
	Command     []string // of exec
	Concurrency int
	RPM         int // 0: no limit
	TPM         int // 0: no limit
}

// Pools returns the pools of the models that conditions use, sorted by name. A
// pool has the lowest limits of its models.
func (s *Spec) Pools() []Pool {
	var pools []Pool
	for i := range s.Models {
		m := &s.Models[i]
		if !s.uses(m.ID) {
			continue
		}
		name := m.pool()
		at := slices.IndexFunc(pools, func(p Pool) bool { return p.Name == name })
		if at < 0 {
			pools = append(pools, Pool{Name: name, Provider: m.Provider, BaseURL: m.BaseURL, KeyEnv: m.APIKeyEnv, KeyFile: m.APIKeyFile, HTTP: m.HTTP, Command: m.Command})
			at = len(pools) - 1
		}
		p := &pools[at]
		p.Concurrency = lower(p.Concurrency, m.Limits.Concurrency)
		p.RPM = lower(p.RPM, m.Limits.RPM)
		p.TPM = lower(p.TPM, m.Limits.TPM)
	}
	for i := range pools {
		if pools[i].Concurrency == 0 {
			pools[i].Concurrency = defaultConcurrency(pools[i].Provider)
		}
	}
	slices.SortFunc(pools, func(a, b Pool) int { return strings.Compare(a.Name, b.Name) })
	return pools
}

// Lowered are the limits that the spec itself sets for a pool: the lowest of the
// models that conditions use, 0 where none says anything.
func (s *Spec) Lowered(pool string) Limits {
	var l Limits
	for i := range s.Models {
		m := &s.Models[i]
		if m.pool() != pool || !s.uses(m.ID) {
			continue
		}
		l.Concurrency = lower(l.Concurrency, m.Limits.Concurrency)
		l.RPM = lower(l.RPM, m.Limits.RPM)
		l.TPM = lower(l.TPM, m.Limits.TPM)
	}
	return l
}

func (s *Spec) uses(model string) bool {
	return slices.ContainsFunc(s.Conditions, func(c Condition) bool { return slices.Contains(c.Asks(), model) })
}

// pool is the name of the model's pool.
func (m *Model) pool() string {
	switch m.Provider {
	case "recorded", "simulated":
		return m.Provider
	case "exec":
		return "exec-" + events.H(append([]string{"exec"}, m.Command...)...)[:8]
	default:
		parts := []string{m.Provider, m.BaseURL, m.APIKeyEnv}
		if m.APIKeyFile != "" {
			parts = append(parts, "file", m.APIKeyFile)
		}
		if m.HTTP != nil {
			parts = append(parts, "http", string(mustCanonical(m.HTTP)))
		}
		return m.Provider + "-" + events.H(parts...)[:8]
	}
}

// defaultConcurrency is the number of calls at a time where no model says one.
func defaultConcurrency(provider string) int {
	switch provider {
	case "recorded", "simulated":
		return 1024
	case "exec":
		return 1
	default:
		return 16
	}
}

// lower returns the lower of two limits, of which 0 is none.
func lower(a, b int) int {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}
