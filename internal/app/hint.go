package app

import (
	"errors"
	"net"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/results"
	"github.com/crucible-go/crucible/internal/store/chdb"
)

// Hint says what somebody can do about an error, "" if nothing is known.
func Hint(err error) string {
	var hinted interface{ Hint() string }
	var usage *UsageError
	switch {
	case errors.As(err, &usage):
		return usage.Hint
	case errors.As(err, &hinted):
		return hinted.Hint()
	case errors.Is(err, bus.ErrLocked), errors.Is(err, chdb.ErrLocked):
		return "a data folder belongs to one process at a time: wait for that one, stop it, or name another folder with --data"
	case errors.Is(err, bus.ErrVersion):
		return "start a newer nats-server, or leave --nats out to run one in this process"
	case errors.Is(err, chdb.ErrNoEngine):
		return "run: make engine\nor name the library's file in " + chdb.LibPathEnv + ", or a ClickHouse server with --clickhouse"
	case errors.Is(err, bus.ErrFull):
		return "make room, or raise log.max_bytes in the configuration file; nothing that was stored is lost"
	case errors.Is(err, results.ErrNotEnded):
		return "crucible resume finishes a run, crucible status tells how far it is"
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return "is the server running, and is its address right? Without --nats and --clickhouse everything is in this process"
	}
	return ""
}
