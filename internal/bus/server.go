package bus

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rs/zerolog"
)

// ServerConfig is the configuration of a Server.
type ServerConfig struct {
	Dir        string // data folder, owned by one process
	Port       int    // 0 = a free one
	Durability string // Always (default) or Interval
	User       string // "" = no authentication
	Password   Secret
	Logger     zerolog.Logger
}

// Server is a nats-server in this process, with the settings that Crucible ships.
type Server struct {
	ns   *server.Server
	lock *folderLock
}

// StartServer runs a server on 127.0.0.1 for other processes to connect to.
func StartServer(c ServerConfig) (*Server, error) {
	if c.Durability == "" {
		c.Durability = Always
	}
	if err := checkDurability(c.Durability); err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	opts := serverOptions(c.Dir, c.Durability)
	opts.DontListen = false
	opts.Host, opts.Port = "127.0.0.1", c.Port
	if c.Port == 0 {
		opts.Port = server.RANDOM_PORT
	}
	opts.Username, opts.Password = c.User, string(c.Password)
	s, err := startServer(opts, c.Logger, nil)
	if err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	return s, nil
}

func startEmbedded(c Config, unwritable func(reason string)) (*Server, error) {
	return startServer(serverOptions(c.Dir, c.Durability), c.Logger, unwritable)
}

// serverOptions are the shipped settings. SyncAlways is the point: JetStream's
// own default acknowledges before the disk has the message, and loses
// acknowledged messages, or the whole stream, in a power cut.
func serverOptions(dir, durability string) *server.Options {
	return &server.Options{
		ServerName: "crucible",
		DontListen: true,
		JetStream:  true,
		StoreDir:   filepath.Join(dir, "log"),
		SyncAlways: durability == Always,
		NoSigs:     true,
		// A sink asks for tens of thousands of messages at a time.
		MaxPending: 256 << 20,
	}
}

const startTimeout = 60 * time.Second // a log of many streams is read back first

// startServer starts a server. unwritable, if there is one, is told when the
// server can no longer write to its disk: it then answers nobody, for ever.
func startServer(opts *server.Options, log zerolog.Logger, unwritable func(reason string)) (*Server, error) {
	dir := filepath.Dir(opts.StoreDir)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	ns, err := server.NewServer(opts)
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	ns.SetLoggerV2(serverLog{log.With().Str("component", "nats-server").Logger(), unwritable}, false, false, false)
	ns.Start()
	s := &Server{ns: ns, lock: lock}
	if !ns.ReadyForConnections(startTimeout) {
		return nil, errors.Join(fmt.Errorf("the server was not ready within %v", startTimeout), s.Close())
	}
	if !ns.JetStreamEnabled() {
		return nil, errors.Join(fmt.Errorf("the server could not open the log in %s", opts.StoreDir), s.Close())
	}
	return s, nil
}

// URL is where the server listens, "" for an embedded one.
func (s *Server) URL() string {
	if s.ns.Addr() == nil {
		return ""
	}
	return "nats://" + s.ns.Addr().String()
}

// Close stops the server, waits for it and gives the folder free.
func (s *Server) Close() error {
	s.ns.Shutdown()
	s.ns.WaitForShutdown()
	return s.lock.release()
}

// serverLog passes the server's own log on: warnings and worse, the rest as
// debugging.
type serverLog struct {
	log        zerolog.Logger
	unwritable func(reason string)
}

func (l serverLog) Noticef(format string, v ...any) { l.log.Debug().Msg(text(format, v)) }
func (l serverLog) Warnf(format string, v ...any)   { l.log.Warn().Msg(text(format, v)) }
func (l serverLog) Fatalf(format string, v ...any)  { l.log.Error().Msg(text(format, v)) }
func (l serverLog) Errorf(format string, v ...any) {
	t := text(format, v)
	l.log.Error().Msg(t)
	if l.unwritable != nil && strings.Contains(strings.ToLower(t), "critical write error") {
		l.unwritable(t)
	}
}
func (l serverLog) Debugf(string, ...any) {}
func (l serverLog) Tracef(string, ...any) {}

func text(format string, v []any) string { return strings.TrimSpace(fmt.Sprintf(format, v...)) }
