package app

import (
	"fmt"
	"os"
	"strings"

	"github.com/crucible-go/crucible/pkg/prices"
)

// prices is the table of prices that the configuration names, or the built-in one.
func (c Config) prices() (*prices.Table, error) {
	if c.Prices == "" {
		return prices.Builtin(), nil
	}
	b, err := os.ReadFile(c.Prices)
	if err != nil {
		return nil, &UsageError{fmt.Errorf("prices: %w", err), "name a readable YAML file with --prices"}
	}
	table, err := prices.Parse(string(b))
	if err != nil {
		return nil, &UsageError{fmt.Errorf("%s: %w", c.Prices, err), "see docs/costs.md for what a table of prices says"}
	}
	return table, nil
}

// describePrices says which table there is, and where it does not help.
func (c Config) describePrices(table *prices.Table) string {
	if table == nil {
		return ""
	}
	detail := fmt.Sprintf("table %s with %d models; a model that it does not have has an unknown price", table.Version(), table.Len())
	var without []string
	for _, p := range c.pools() {
		if p.Provider != "recorded" && p.Provider != "simulated" && !prices.Listed(p.Provider, p.BaseURL) {
			without = append(without, p.Name)
		}
	}
	if len(without) > 0 {
		detail += "; no list prices for pools " + strings.Join(without, ", ") + ": name them with price in the spec"
	}
	return detail
}
