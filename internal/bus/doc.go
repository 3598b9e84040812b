// Package bus is Crucible's event log: NATS JetStream, embedded in the process
// or on a server of its own.
//
// A fact is published once, for ever: its subject is its identity, and whoever
// is first on a subject has decided. Later publishers are handed the fact that
// is in the log and adopt it (Publish). Facts wait together for the disk: one
// committer per stream takes what is waiting, without lingering, and stores it
// with one commit.
//
// Consumers are durable and settle each message in one place (Consume,
// ConsumeBatch); acknowledgements are an optimisation, since after a crash
// acknowledged messages may come again. Replay reads a stream in order, gap by
// gap checked. Lead elects one of several peers; PutObject and GetObject keep
// what is too large for an event.
package bus
