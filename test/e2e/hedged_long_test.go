//go:build long

package e2e

import "testing"

// A hedged run on the virtual clock, killed again and again at random, ends with
// the bytes of one that was left alone: its races are played again, with the same
// draws.
func TestKilledHedgedRunGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	killAtRandom(t, example(t, "hedged.yaml"), 4)
}
