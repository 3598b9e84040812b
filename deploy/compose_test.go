package deploy_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// services are the five services, in the order of docs and files.
var services = []string{"dispatcher", "caller", "voter", "analyzer", "reporter"}

func composeProject(t *testing.T) *types.Project {
	t.Helper()
	opts, err := cli.NewProjectOptions([]string{"../docker-compose.yml"},
		cli.WithConsistency(true), cli.WithInterpolation(true),
		cli.WithEnv([]string{"OPENAI_API_KEY=for-the-test"})) // compose passes it on where it is set
	if err != nil {
		t.Fatal(err)
	}
	p, err := opts.LoadProject(t.Context())
	if err != nil {
		t.Fatalf("docker-compose.yml: %v", err)
	}
	return p
}

func TestComposeHasEveryService(t *testing.T) {
	p := composeProject(t)
	for _, name := range services {
		s, ok := p.Services[name]
		if !ok {
			t.Errorf("no service %s", name)
			continue
		}
		if want := []string{"serve", "--services", name}; !slices.Equal(s.Command, want) {
			t.Errorf("%s runs %q, want %q", name, s.Command, want)
		}
		for _, needs := range []string{"nats", "clickhouse"} {
			if d, ok := s.DependsOn[needs]; !ok || d.Condition != types.ServiceConditionHealthy {
				t.Errorf("%s does not wait for a healthy %s", name, needs)
			}
		}
		if s.HealthCheck == nil || !slices.Contains(s.HealthCheck.Test, "--probe") {
			t.Errorf("%s has no health check", name)
		}
	}
	if got := len(p.Services); got != len(services)+3 {
		t.Errorf("%d services", got)
	}
}

func TestComposeIsHardened(t *testing.T) {
	for name, s := range composeProject(t).Services {
		checkImage(t, name, s.Image)
		if !s.ReadOnly {
			t.Errorf("%s can write to its root file system", name)
		}
		if !slices.Equal(s.CapDrop, []string{"ALL"}) {
			t.Errorf("%s keeps capabilities: drops %v", name, s.CapDrop)
		}
		if !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s may gain privileges", name)
		}
		if s.Privileged || s.Pid == "host" || s.Ipc == "host" || s.NetworkMode == "host" {
			t.Errorf("%s shares the host's namespaces", name)
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s publishes %s on %q, not on loopback", name, port.Published, port.HostIP)
			}
		}
		root := s.User == "" || strings.HasPrefix(s.User, "0:") || s.User == "0"
		switch {
		case name == "volumes": // runs chown once, with nothing but that right and no network
			if !slices.Equal(s.CapAdd, []string{"CHOWN"}) || s.NetworkMode != "none" || len(s.Ports) > 0 {
				t.Errorf("%s may do more than chown: %v %q", name, s.CapAdd, s.NetworkMode)
			}
			continue
		case root || len(s.CapAdd) > 0:
			t.Errorf("%s runs as %q with %v", name, s.User, s.CapAdd)
		}
		if s.HealthCheck == nil || s.Restart != types.RestartPolicyUnlessStopped {
			t.Errorf("%s: health check %v, restart %q", name, s.HealthCheck, s.Restart)
		}
	}
}

func TestComposeMountsWhatExists(t *testing.T) {
	p := composeProject(t)
	for name, s := range p.Services {
		for _, v := range s.Volumes {
			switch v.Type {
			case types.VolumeTypeBind:
				if _, err := os.Stat(v.Source); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if !v.ReadOnly {
					t.Errorf("%s can write to %s", name, v.Source)
				}
			case types.VolumeTypeVolume:
				if _, ok := p.Volumes[v.Source]; !ok {
					t.Errorf("%s: no volume %s", name, v.Source)
				}
			default:
				t.Errorf("%s: volume of type %s", name, v.Type)
			}
		}
	}
}

// Keys of providers reach the callers and nobody else.
func TestOnlyCallersHoldKeys(t *testing.T) {
	for name, s := range composeProject(t).Services {
		for env := range s.Environment {
			if strings.HasSuffix(env, "_API_KEY") && name != "caller" {
				t.Errorf("compose: %s holds %s", name, env)
			}
		}
	}
	for _, o := range workloads(t) {
		for _, env := range o.pod.Containers[0].Env {
			if strings.HasSuffix(env.Name, "_API_KEY") && o.name != "caller" {
				t.Errorf("kubernetes: %s holds %s", o.name, env.Name)
			}
		}
	}
}

func TestClickHouseConfigurationIsXML(t *testing.T) {
	for _, file := range []string{"clickhouse/server.xml", "clickhouse/users.xml"} {
		d := xml.NewDecoder(strings.NewReader(read(t, file)))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
		}
	}
	var users struct {
		Profile struct {
			AsyncInsert string `xml:"async_insert"`
		} `xml:"profiles>default"`
		Default struct {
			Remove string `xml:"remove,attr"`
		} `xml:"users>default"`
		Crucible struct {
			Password struct {
				FromEnv string `xml:"from_env,attr"`
				Text    string `xml:",chardata"`
			} `xml:"password"`
		} `xml:"users>crucible"`
	}
	if err := xml.Unmarshal([]byte(read(t, "clickhouse/users.xml")), &users); err != nil {
		t.Fatal(err)
	}
	if users.Profile.AsyncInsert != "0" {
		t.Error("async_insert is on: an insert would return before it is stored")
	}
	if users.Default.Remove == "" {
		t.Error("the default user is still there")
	}
	if p := users.Crucible.Password; p.FromEnv != "CLICKHOUSE_PASSWORD" || strings.TrimSpace(p.Text) != "" {
		t.Error("the password does not come from the environment")
	}
}
