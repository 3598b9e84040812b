//go:build !long

package catalog

// calibrationRuns is the number of samples of each size.
const calibrationRuns = 1000
