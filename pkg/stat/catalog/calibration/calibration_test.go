package calibration

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crucible-go/crucible/pkg/stat/catalog"
	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// A calibration asks of a procedure, by seeded simulation, what it promises:
// how often a true null hypothesis is rejected at 5 %, or how often an interval
// of 95 % covers the true value.
type calibration struct {
	test, set, population string
	// draw returns a sample of n, and the true value of the estimate.
	draw func(r *rand.Rand, n int) (catalog.Data, float64)
	// at lists the sizes of samples, calibrationSizes if empty.
	at []int
	// promise is what must hold at every size.
	promise promise
	// covers says that the interval is watched, not the p-value; effect, that of
	// the effect.
	covers, effect bool
	// slow procedures are asked a fifth as often.
	slow bool
}

var update = flag.Bool("update", false, "write the table of calibration")

type promise int

const (
	// exact: inside the 99.9 % band about 5 %, or about 95 %.
	exact promise = iota
	// bounded: an exact test of discrete data rejects at most 5 %, an exact
	// interval covers at least 95 %, up to the band.
	bounded
	// shown: an approximation, or data for which the method is not made. The table
	// shows where it fails.
	shown
)

var calibrationSizes = []int{5, 10, 30, 200}

// calibrationSeed is that of the table; it was not chosen.
const calibrationSeed = 20240229

// TestCalibration checks every promise with calibrationRuns samples of each
// size. With -update it also writes the table.
func TestCalibration(t *testing.T) {
	all := calibrations()
	rows := make([]string, len(all))
	t.Run("procedures", func(t *testing.T) {
		for i, c := range all {
			t.Run(c.name(), func(t *testing.T) {
				t.Parallel()
				runs := calibrationRuns
				if c.slow {
					runs /= 5
				}
				rows[i] = c.check(t, runs)
			})
		}
	})
	if *update && !t.Failed() {
		writeTable(t, rows)
	}
}

func (c calibration) name() string {
	what := "rejects"
	if c.covers {
		what = "covers"
	}
	if c.effect {
		what = "covers_effect"
	}
	return strings.ReplaceAll(fmt.Sprintf("%s/%s/%s/%s", c.test, c.set, c.population, what), " ", "_")
}

// check simulates and returns the row of the table.
func (c calibration) check(t *testing.T, runs int) string {
	t.Helper()
	entry, ok := catalog.Lookup(c.test)
	if !ok {
		t.Fatalf("no procedure %q", c.test)
	}
	set := catalog.Settings{}
	for _, kv := range strings.Fields(c.set) {
		k, v, _ := strings.Cut(kv, "=")
		set[k] = v
	}
	sizes := c.at
	if sizes == nil {
		sizes = calibrationSizes
	}
	cells := map[int]string{}
	for _, n := range sizes {
		hits, answered, why := c.count(t, entry, set, n, runs)
		share := float64(hits) / float64(answered)
		cells[n] = fmt.Sprintf("%.1f", 100*share)
		if refused := runs - answered; refused > 0 {
			cells[n] += fmt.Sprintf(" (%.1f refused)", 100*float64(refused)/float64(runs))
		}
		if answered < runs/2 {
			t.Errorf("n = %d: %d of %d samples refused: %s", n, runs-answered, runs, why)
			continue
		}
		if low, high := band(c.want(), answered); c.breaks(hits, low, high) {
			t.Errorf("n = %d: %s of %d, outside of %d to %d", n, cells[n], answered, low, high)
		}
	}
	row := fmt.Sprintf("| `%s` | %s | %s | %s |", c.test, c.set, c.population, c.promise)
	for _, n := range calibrationSizes {
		row += " " + cells[n] + " |"
	}
	return row
}

func (c calibration) want() float64 {
	if c.covers || c.effect {
		return 0.95
	}
	return 0.05
}

func (c calibration) breaks(hits, low, high int) bool {
	switch {
	case c.promise == shown:
		return false
	case c.promise == exact:
		return hits < low || hits > high
	case c.covers || c.effect:
		return hits < low
	}
	return hits > high
}

func (p promise) String() string {
	return [...]string{"exact", "bounded", "shown"}[p]
}

// band returns the counts of the central 99.9 % of a binomial distribution.
func band(p float64, n int) (low, high int) {
	b := dist.Binomial{N: int64(n), P: p}
	return int(b.Quantile(0.0005)), int(b.Quantile(0.9995))
}

// count returns how many of the samples that were answered were rejected, or
// covered. Sample r of size n draws from a stream of its own.
func (c calibration) count(t *testing.T, e catalog.Entry, set catalog.Settings, n, runs int) (hits, answered int, why string) {
	t.Helper()
	for r := range runs {
		rng := rand.New(rand.NewPCG(calibrationSeed+uint64(n), uint64(r)))
		data, truth := c.draw(rng, n)
		out, err := e.Do(data, set)
		if err != nil {
			t.Fatal(err)
		}
		if out.Refused != "" {
			why = out.Refused
			continue
		}
		answered++
		if c.hit(t, out, truth) {
			hits++
		}
	}
	return hits, answered, why
}

func (c calibration) hit(t *testing.T, out catalog.Output, truth float64) bool {
	t.Helper()
	switch {
	case c.effect && out.Effect != nil && out.Effect.Low != nil:
		return *out.Effect.Low <= truth && truth <= *out.Effect.High
	case c.covers && out.Interval != nil:
		return out.Interval.Low <= truth && truth <= out.Interval.High
	case !c.covers && !c.effect && len(out.Comparisons) > 0:
		least := 1.0 // the family errs if any comparison does
		for _, k := range out.Comparisons {
			least = math.Min(least, k.P)
		}
		return least <= 0.05
	case !c.covers && !c.effect && out.P != nil:
		return *out.P <= 0.05
	}
	t.Fatalf("%s gives nothing to check", c.test)
	return false
}

func writeTable(t *testing.T, rows []string) {
	t.Helper()
	text := fmt.Sprintf(`# Calibration

How often a test at 5 %% rejects a true null hypothesis, and how often an interval
of 95 %% covers the true value, in per cent of %d seeded samples of each size,
%d for slow procedures (`+"`go test ./pkg/stat/catalog/calibration -run TestCalibration -tags long -update`"+`). *exact* and
*bounded* are promises that the test suite holds inside a 99.9 %% binomial band
(%.1f to %.1f about 5, %.1f to %.1f about 95): an exact method for continuous data
meets its level, one for discrete data does not exceed it. *shown* rows promise
nothing: they are approximations, or data that violate an assumption, and tell
where a method may be trusted and where it fails.

`, calibrationRuns, calibrationRuns/5, share(0.05, 0), share(0.05, 1), share(0.95, 0), share(0.95, 1))
	for _, part := range []struct {
		title string
		keep  func(calibration) bool
	}{
		{"Rejections at 5 %", func(c calibration) bool { return !c.covers && !c.effect }},
		{"Coverage of intervals at 95 %", func(c calibration) bool { return c.covers }},
		{"Coverage of intervals of effect sizes at 95 %", func(c calibration) bool { return c.effect }},
	} {
		text += "## " + part.title + "\n\n| procedure | settings | population | promise |"
		for _, n := range calibrationSizes {
			text += fmt.Sprintf(" n = %d |", n)
		}
		text += "\n|---|---|---|---|" + strings.Repeat("---|", len(calibrationSizes)) + "\n"
		for i, c := range calibrations() {
			if part.keep(c) {
				text += rows[i] + "\n"
			}
		}
		text += "\n"
	}
	name := filepath.Join("..", "..", "..", "..", "docs", "calibration.md")
	if err := os.WriteFile(name, []byte(strings.TrimRight(text, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// share returns a bound of the band in per cent.
func share(p float64, upper int) float64 {
	low, high := band(p, calibrationRuns)
	return 100 * float64([]int{low, high}[upper]) / calibrationRuns
}
