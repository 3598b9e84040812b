package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// many is a server, a store and the five services, each a process of its own,
// the caller twice.
type many struct {
	options
	dir, out        string
	nats, store     string // URLs
	services        []*service
	server, storing *process
}

// service is a process that is started again after a crash.
type service struct {
	name    string
	process *process
}

// serverConfig has the settings of deploy/nats/nats.conf, on a free port of
// loopback and without credentials.
const serverConfig = `
server_name: crucible
listen: "127.0.0.1:-1"
max_payload: 1MB
jetstream {
  store_dir: %q
  sync_interval: always
  max_memory_store: 256MB
  max_file_store: 64GB
}
`

func openMany(t *testing.T, o options) *many {
	t.Helper()
	dir := t.TempDir()
	s := &many{options: o, dir: dir, out: filepath.Join(dir, "out")}
	conf := write(t, filepath.Join(dir, "nats.conf"), fmt.Sprintf(serverConfig, filepath.Join(dir, "jetstream")))
	s.server = start(t, "nats-server", programs.nats, nil, "--config", conf)
	s.storing = start(t, "store", programs.crucible, o.env, "store", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"))

	const listening = "Listening for client connections on "
	_, addr, _ := strings.Cut(s.server.await(t, s.server.stderr, listening), listening)
	s.server.await(t, s.server.stderr, "Server is ready")
	s.nats = "nats://" + addr
	s.store = strings.TrimPrefix(s.storing.await(t, s.storing.stderr, "store: "), "store: ") + "/crucible"

	write(t, s.config(), "log: {durability: always, replicas: 1}\n"+o.pools)
	for _, name := range []string{"caller", "voter", "dispatcher", "analyzer", "reporter", "caller"} {
		v := &service{name: name}
		s.services = append(s.services, v)
		s.serve(t, v)
	}
	for _, v := range s.services {
		v.ready(t)
	}
	return s
}

func (s *many) config() string { return filepath.Join(s.dir, "config.yaml") }

func (s *many) serve(t *testing.T, v *service) {
	t.Helper()
	args := []string{
		"serve", "--services", v.name, "--nats", s.nats, "--clickhouse", s.store, "--out", s.out,
		"--config", s.config(), "--data", filepath.Join(s.dir, "unused"), "--http", "127.0.0.1:0",
	}
	switch v.name {
	case "caller":
		args = append(args, s.flags()...)
	case "dispatcher":
		if s.dataRoot != "" {
			args = append(args, "--data-root", s.dataRoot)
		}
	}
	v.process = start(t, v.name, programs.crucible, s.env, args...)
}

// ready waits until the service says that it serves, and so does its probe.
func (v *service) ready(t *testing.T) {
	t.Helper()
	v.process.await(t, v.process.stderr, `"serving"`)
	var probes struct{ Addr string }
	decode(t, v.process.await(t, v.process.stderr, `"addr"`), &probes)
	get(t, "http://"+probes.Addr+"/readyz")
}

func (s *many) crucible(t *testing.T, args ...string) outcome {
	t.Helper()
	return command(t, s.env, append(args, "--nats", s.nats, "--clickhouse", s.store, "--out", s.out, "--data", filepath.Join(s.dir, "unused"))...)
}

// stop stops the processes as a supervisor would; all say that they are done.
func (s *many) stop(t *testing.T) {
	t.Helper()
	for _, v := range s.services {
		if code := v.process.stop(t); code != 0 {
			t.Errorf("%s ended with %d", v.name, code)
		}
	}
	if code := s.storing.stop(t); code != 0 {
		t.Errorf("the store ended with %d", code)
	}
}

// connect is a connection to the log that knows nothing of ours.
func (s *many) connect(t *testing.T) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(s.nats)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func (s *many) begin(t *testing.T, spec, run string) job {
	t.Helper()
	return &manyJob{shape: s, follower: start(t, "submit", programs.crucible, s.env,
		"submit", spec, "--run", run, "--watch", "--json", "--nats", s.nats, "--out", s.out)}
}

// manyJob is a run that the services perform and a process that watches.
type manyJob struct {
	shape    *many
	follower *process
	crashes  int
}

// crash kills the services in turn: a caller, the voter, the dispatcher, the
// analyzer, the reporter, the other caller.
func (j *manyJob) crash(t *testing.T) *process {
	t.Helper()
	select {
	case <-j.done():
		return nil
	default:
	}
	v := j.shape.services[j.crashes%len(j.shape.services)]
	j.crashes++
	p := v.process
	if !p.kill() {
		t.Fatalf("%s had ended by itself", v.name)
	}
	j.shape.serve(t, v)
	return p
}

func (j *manyJob) done() <-chan struct{} { return j.follower.done }

func (j *manyJob) end(t *testing.T) outcome {
	t.Helper()
	code := j.follower.wait(t)
	return outcome{code, j.follower.out.String(), j.follower.stderr.String()}
}
