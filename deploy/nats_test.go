package deploy_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func natsOptions(t *testing.T, file string) *server.Options {
	t.Helper()
	t.Setenv("NATS_USER", "somebody")
	t.Setenv("NATS_PASSWORD", "something")
	t.Setenv("POD_NAME", "nats-1")
	opts, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return opts
}

func TestServersKeepWhatTheyAcknowledge(t *testing.T) {
	for _, file := range []string{"nats/nats.conf", "nats/cluster.conf"} {
		o := natsOptions(t, file)
		if !o.JetStream || o.StoreDir != "/data" {
			t.Errorf("%s: JetStream %v in %q", file, o.JetStream, o.StoreDir)
		}
		if !o.SyncAlways {
			t.Errorf("%s: sync_interval is not always: acknowledged events would be lost in a power cut", file)
		}
		if o.JetStreamMaxStore <= 0 || o.JetStreamMaxMemory <= 0 {
			t.Errorf("%s: no limits: file %d, memory %d", file, o.JetStreamMaxStore, o.JetStreamMaxMemory)
		}
		if o.MaxPayload < 512<<10 {
			t.Errorf("%s: max_payload %d is too small for a body of 256 KiB and its headers", file, o.MaxPayload)
		}
		if o.Username != "somebody" || o.Password != "something" {
			t.Errorf("%s: the credentials do not come from the environment", file)
		}
		if o.Port != 4222 || o.Host != "0.0.0.0" {
			t.Errorf("%s: listens on %s:%d", file, o.Host, o.Port)
		}
		if len(o.Users) > 0 || o.NoAuthUser != "" {
			t.Errorf("%s: admits others: %v %q", file, o.Users, o.NoAuthUser)
		}
	}
}

func TestSingleServerMonitorsOnLoopback(t *testing.T) {
	o := natsOptions(t, "nats/nats.conf")
	if o.HTTPHost != "127.0.0.1" || o.HTTPPort != 8222 {
		t.Errorf("monitoring on %s:%d", o.HTTPHost, o.HTTPPort)
	}
	if o.Cluster.Name != "" || o.Cluster.Port != 0 || len(o.Routes) != 0 {
		t.Errorf("a single server is part of the cluster %+v", o.Cluster)
	}
}

func TestClusterFindsItsServers(t *testing.T) {
	o := natsOptions(t, "nats/cluster.conf")
	set := stateful(t, "nats")
	if o.ServerName != "nats-1" || o.Cluster.Name != "crucible" || o.Cluster.Port != 6222 {
		t.Errorf("server %q of cluster %+v", o.ServerName, o.Cluster)
	}
	if o.Cluster.Username == "" || o.Cluster.Password == "" {
		t.Error("routes need no password")
	}
	if len(o.Routes) != int(*set.Spec.Replicas) {
		t.Fatalf("%d routes for %d servers", len(o.Routes), *set.Spec.Replicas)
	}
	for _, r := range o.Routes {
		name, domain, _ := strings.Cut(r.Hostname(), ".")
		if !strings.HasPrefix(name, set.Name+"-") || domain != set.Spec.ServiceName || r.Port() != "6222" {
			t.Errorf("route %s is not a pod of %s behind %s", r, set.Name, set.Spec.ServiceName)
		}
	}
	claim := set.Spec.VolumeClaimTemplates[0].Spec.Resources.Requests.Storage().Value()
	if o.JetStreamMaxStore >= claim {
		t.Errorf("JetStream may fill %d bytes of a claim of %d", o.JetStreamMaxStore, claim)
	}
}

// The shipped configuration boots, admits its user and nobody else, and stores
// to disk.
func TestSingleServerAdmitsItsUserOnly(t *testing.T) {
	o := natsOptions(t, "nats/nats.conf")
	o.Host, o.Port, o.HTTPPort, o.StoreDir = "127.0.0.1", server.RANDOM_PORT, 0, t.TempDir()
	o.NoSigs, o.NoLog = true, true
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server is not ready")
	}
	if _, err := nats.Connect(s.ClientURL()); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("without credentials: %v", err)
	}
	nc, err := nats.Connect(s.ClientURL(), nats.UserInfo("somebody", "something"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}, Storage: jetstream.FileStorage}); err != nil {
		t.Fatal(err)
	}
	if ack, err := js.Publish(t.Context(), "s.1", []byte("kept")); err != nil || ack.Sequence != 1 {
		t.Errorf("%+v, %v", ack, err)
	}
}
