package bus_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/bus/bustest"
)

// cluster is three servers in this process that replicate their streams.
type cluster struct {
	opts    []*server.Options
	servers []*server.Server
	next    int // to be restarted
}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	dir := t.TempDir()
	ports := freePorts(t, 6)
	var routes []*url.URL
	for _, p := range ports[3:] {
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", p)})
	}
	c := &cluster{}
	for i := range 3 {
		c.opts = append(c.opts, &server.Options{
			ServerName: fmt.Sprint("n", i), Host: "127.0.0.1", Port: ports[i],
			JetStream: true, StoreDir: filepath.Join(dir, fmt.Sprint(i)), SyncAlways: true, NoSigs: true,
			Cluster: server.ClusterOpts{Name: "c", Host: "127.0.0.1", Port: ports[3+i]},
			Routes:  routes,
		})
		c.servers = append(c.servers, nil)
		c.start(t, i)
	}
	t.Cleanup(func() {
		for _, s := range c.servers {
			s.Shutdown()
			s.WaitForShutdown()
		}
	})
	for _, s := range c.servers {
		if !s.ReadyForConnections(30 * time.Second) {
			t.Fatal("a server is not ready")
		}
	}
	return c
}

func (c *cluster) start(tb testing.TB, i int) {
	tb.Helper()
	s, err := server.NewServer(c.opts[i].Clone())
	if err != nil {
		tb.Fatal(err)
	}
	s.Start()
	c.servers[i] = s
}

func (c *cluster) urls() string {
	var out []string
	for _, o := range c.opts {
		out = append(out, fmt.Sprintf("nats://127.0.0.1:%d", o.Port))
	}
	return strings.Join(out, ",")
}

// restart stops one server after the other, the leaders among them, each time
// until the others have no need of it any more.
func (c *cluster) restart(tb testing.TB) {
	tb.Helper()
	i := c.next % 3
	c.next++
	c.servers[i].Shutdown()
	c.servers[i].WaitForShutdown()
	c.start(tb, i)
	if !c.servers[i].ReadyForConnections(30 * time.Second) {
		tb.Fatal("the server did not come back")
	}
}

func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var out []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		out = append(out, l.Addr().(*net.TCPAddr).Port)
	}
	return out
}

// The contract holds on three replicas too. The tests share the servers, which
// take ten seconds to find each other.
func TestCluster(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	bustest.Exercise(t, func(t *testing.T, edit func(*bus.Config)) bustest.Log {
		t.Helper()
		config := bus.Config{URL: c.urls(), Replicas: 3, Name: t.Name(), Logger: zerolog.Nop()}
		edit(&config)
		connect := func(tb testing.TB) *bus.Bus {
			tb.Helper()
			var b *bus.Bus
			var err error
			for range 100 { // until the servers have found each other
				if b, err = bus.Open(context.Background(), config); err == nil {
					break
				}
			}
			if err != nil {
				tb.Fatal(err)
			}
			tb.Cleanup(func() { _ = b.Close() })
			return b
		}
		empty(t, connect(t))
		return bustest.Log{
			Open: connect,
			Crash: func(tb testing.TB, b *bus.Bus) *bus.Bus {
				tb.Helper()
				_ = b.Close()
				return connect(tb)
			},
			Restart:    c.restart,
			Replicated: true,
		}
	})
}

// empty removes every stream.
func empty(t *testing.T, b *bus.Bus) {
	t.Helper()
	names := b.JetStream().StreamNames(t.Context())
	for name := range names.Name() {
		if err := b.JetStream().DeleteStream(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	if err := names.Err(); err != nil {
		t.Fatal(err)
	}
}
