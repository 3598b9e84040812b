// Package calibration holds the tests that show, by seeded simulation, that
// procedures of package stat keep what they promise, and writes the table that
// shows where they fail.
package calibration
