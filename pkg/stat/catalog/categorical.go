package catalog

import "github.com/crucible-go/crucible/pkg/stat"

// categorical holds counts and proportions.
func categorical() []Entry {
	return []Entry{
		{Name: "mcnemar", Title: "do two proportions on the same items differ", Input: []Form{FormTable},
			Methods: []string{"exact"}, Run: func(d Data, s Settings) (stat.Result, error) {
				table, err := d.Counts("mcnemar")
				if err != nil {
					return stat.Result{}, err
				}
				return stat.McNemarExact(int(table[0][1]), int(table[1][0])), nil
			}},
	}
}
