// Package events is the vocabulary of Crucible's log: the kinds of events, the
// subjects they are published on, their deterministic identities, their JSON
// form and the digests that prove that a copy of the log is complete.
//
// Everything here is pure: values in, values out. Subjects and ids are built in
// this package and nowhere else.
//
// An event is a CloudEvents 1.0 envelope whose data is one Go type per kind.
// Fields are only ever added; a changed meaning is a new kind with the next
// major version. Readers ignore fields they do not know and keep kinds they do
// not know.
package events
