package deploy_test

import (
	"slices"
	"testing"

	"github.com/crucible-go/crucible/internal/app"
)

func configFile(t *testing.T, name string) app.File {
	t.Helper()
	f, err := app.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// The configurations are read by the code that the services read them with.
func TestConfigurationsAreDurable(t *testing.T) {
	for name, replicas := range map[string]int{
		"config/config.yaml":  1,
		"config/cluster.yaml": int(*stateful(t, "nats").Spec.Replicas),
	} {
		f := configFile(t, name)
		if f.Log.Durability != "always" || f.Log.Replicas != replicas {
			t.Errorf("%s: durability %q, %d replicas for %d servers", name, f.Log.Durability, f.Log.Replicas, replicas)
		}
	}
}

// Callers are given a variable for every key that a pool names.
func TestPoolsHaveTheirKeys(t *testing.T) {
	var inCompose, inCluster []string
	for name := range composeProject(t).Services["caller"].Environment {
		inCompose = append(inCompose, name)
	}
	for _, w := range workloads(t) {
		if w.name == "caller" {
			for _, e := range w.pod.Containers[0].Env {
				inCluster = append(inCluster, e.Name)
			}
		}
	}
	for name, have := range map[string][]string{"config/config.yaml": inCompose, "config/cluster.yaml": inCluster} {
		for _, p := range configFile(t, name).Pools {
			if p.APIKeyEnv != "" && !slices.Contains(have, p.APIKeyEnv) {
				t.Errorf("%s: callers have no %s: %v", name, p.APIKeyEnv, have)
			}
			if p.Concurrency <= 0 || p.RPM <= 0 || p.TPM <= 0 {
				t.Errorf("%s: the pool %s has no limits", name, p.Provider)
			}
		}
	}
}
