// Package limiter hands out permits for calls of a provider's pool, within the
// limits that all processes of a cluster share.
//
// The shares themselves are arithmetic, in pkg/limit. Here they are agreed on by
// compare and set of one small value, and used: a process that holds a share
// gives permits out of it without asking anybody.
//
// A share is a lease. Its holder renews it every second or so and stops using it
// when he cannot; the others take it when they have not seen it renewed for a
// while, each by his own clock, which only has to run at about the right speed.
// Until then it counts as used.
package limiter
