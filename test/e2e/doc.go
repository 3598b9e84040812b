// Package e2e holds the end-to-end tests: the built command, real processes and
// nothing of ours inside the test but the vocabulary of events. Every scenario is
// written once and performed on two shapes, one process with everything embedded
// and many processes around a server; see the interface shape.
//
// The short suite is part of go test. The build tag long adds the runs on GSM8K,
// whose file CRUCIBLE_GSM8K names by an absolute path, the goals for time and
// memory, which -v shows, and more kills. The flag -raced builds the command with
// the race detector; it is too slow for the goals.
package e2e
