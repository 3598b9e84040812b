// Package experiment turns the text of an experiment's spec into a checked
// Spec, and a Spec with the items of a data set into a Plan: the queries and
// calls of a run, one by one, with their identities.
//
// Everything here is pure: no files, no clock, no environment. The same spec,
// items and run id give the same plan, byte for byte.
package experiment
