//go:build !long

package e2e

// kills is how often a run is killed at least.
const kills = 3
