package experiment

import (
	"encoding/json"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/prices"
)

// setPrices gives the models that are asked at their provider's own address, and
// have no price, that of the table. Classes of service that the table does not
// have stay without.
func (s *Spec) setPrices(table *prices.Table) {
	if table == nil {
		return
	}
	for i := range s.Models {
		m := &s.Models[i]
		if m.Price != nil || !prices.Listed(m.Provider, m.BaseURL) {
			continue
		}
		e, ok := table.Find(m.Provider, m.Model)
		if !ok || !listedTier(m.serviceTier()) {
			continue
		}
		m.Price = &Price{Input: Decimal(e.Input), Output: Decimal(e.Output), Cached: Decimal(e.Cached), Reasoning: Decimal(e.Reasoning)}
		if b := e.Batch; b != nil {
			m.Price.Batch = &BatchPrice{Input: Decimal(b.Input), Output: Decimal(b.Output), Cached: Decimal(b.Cached), Reasoning: Decimal(b.Reasoning)}
		}
		s.PriceTable = table.Version()
	}
}

// listedTier reports whether a table has prices for a tier of service.
func listedTier(tier string) bool {
	switch tier {
	case "", "default", "auto", "standard_only", "batch", "flex":
		return true
	}
	return false
}

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
