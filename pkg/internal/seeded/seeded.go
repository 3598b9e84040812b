// Package seeded lets property tests draw the same random data in every run.
package seeded

import (
	"flag"
	"os"
	"testing"
)

// Main runs the tests of a package with one seed, unless they are told another: a
// run in a pipeline says the same of the same code. Other data are drawn with
// -rapid.seed=N, or with 0 by the clock.
func Main(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.seed" })
	if !given {
		if err := flag.Set("rapid.seed", "20240229"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
