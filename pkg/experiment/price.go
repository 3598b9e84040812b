package experiment

import (
	"encoding/json"

	"github.com/crucible-go/crucible/pkg/events"
)

// price is what the model's calls cost, nil if unknown.
func (m *Model) price() *events.Price {
	switch {
	case m.Price != nil:
		return m.Price.of(m.serviceTier())
	case m.Provider == "recorded" || m.Provider == "simulated":
		return &events.Price{Input: "0", Output: "0"}
	}
	return nil
}

// of are the prices of a tier of service. What a provider calls batch or flex has
// prices of its own, which are unknown where the price does not have them.
func (p *Price) of(tier string) *events.Price {
	switch tier {
	case "batch", "flex":
		if p.Batch == nil {
			return nil
		}
		return &events.Price{Input: string(p.Batch.Input), Output: string(p.Batch.Output), CachedInput: string(p.Batch.Cached), Reasoning: string(p.Batch.Reasoning)}
	}
	return &events.Price{Input: string(p.Input), Output: string(p.Output), CachedInput: string(p.Cached), Reasoning: string(p.Reasoning)}
}

// serviceTier is the parameter of that name, "" if there is none.
func (m *Model) serviceTier() string {
	var p struct {
		Tier string `json:"service_tier"`
	}
	if len(m.Params) == 0 || json.Unmarshal(m.Params, &p) != nil {
		return ""
	}
	return p.Tier
}
