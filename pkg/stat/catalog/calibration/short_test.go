//go:build !long

package calibration

// calibrationRuns is the number of samples of each size.
const calibrationRuns = 250
