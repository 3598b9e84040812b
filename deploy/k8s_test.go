package deploy_test

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

// workload is what a Deployment and a StatefulSet have in common.
type workload struct {
	name   string
	pod    corev1.PodSpec
	labels map[string]string
	sel    map[string]string
}

// decode reads a document strictly: an unknown or repeated key is an error.
func decode(t *testing.T, where string, doc []byte, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict(doc, into); err != nil {
		t.Errorf("%s: %v", where, err)
	}
}

// newObject maps kinds to types; a kind that is not here is a mistake.
func newObject(apiVersion, kind string) any {
	switch apiVersion + " " + kind {
	case "apps/v1 Deployment":
		return new(appsv1.Deployment)
	case "apps/v1 StatefulSet":
		return new(appsv1.StatefulSet)
	case "v1 Namespace":
		return new(corev1.Namespace)
	case "v1 PersistentVolumeClaim":
		return new(corev1.PersistentVolumeClaim)
	case "v1 Secret":
		return new(corev1.Secret)
	case "v1 Service":
		return new(corev1.Service)
	case "networking.k8s.io/v1 NetworkPolicy":
		return new(networkingv1.NetworkPolicy)
	case "policy/v1 PodDisruptionBudget":
		return new(policyv1.PodDisruptionBudget)
	}
	return nil
}

type object struct {
	file, kind string
	value      any
}

// objects decodes every manifest of the base, the example of a secret too.
func objects(t *testing.T) []object {
	t.Helper()
	files, err := filepath.Glob("k8s/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifests: %v", err)
	}
	var out []object
	for _, file := range files {
		if filepath.Base(file) == "kustomization.yaml" {
			continue
		}
		for doc := range bytes.SplitSeq([]byte(read(t, file)), []byte("\n---\n")) {
			var head struct {
				APIVersion string `json:"apiVersion"`
				Kind       string `json:"kind"`
			}
			if err := yaml.Unmarshal(doc, &head); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			value := newObject(head.APIVersion, head.Kind)
			if value == nil {
				t.Errorf("%s: unknown kind %q of %q", file, head.Kind, head.APIVersion)
				continue
			}
			decode(t, file, doc, value)
			out = append(out, object{file, head.Kind, value})
		}
	}
	return out
}

func workloads(t *testing.T) []workload {
	t.Helper()
	var out []workload
	for _, o := range objects(t) {
		switch v := o.value.(type) {
		case *appsv1.Deployment:
			out = append(out, workload{v.Name, v.Spec.Template.Spec, v.Spec.Template.Labels, v.Spec.Selector.MatchLabels})
		case *appsv1.StatefulSet:
			out = append(out, workload{v.Name, v.Spec.Template.Spec, v.Spec.Template.Labels, v.Spec.Selector.MatchLabels})
		}
	}
	return out
}

func stateful(t *testing.T, name string) *appsv1.StatefulSet {
	t.Helper()
	for _, o := range objects(t) {
		if s, ok := o.value.(*appsv1.StatefulSet); ok && s.Name == name {
			return s
		}
	}
	t.Fatalf("no StatefulSet %s", name)
	return nil
}

func TestEveryServiceIsDeployed(t *testing.T) {
	names := map[string]workload{}
	for _, w := range workloads(t) {
		names[w.name] = w
	}
	for _, s := range services {
		w, ok := names[s]
		if !ok {
			t.Errorf("no workload %s", s)
			continue
		}
		if want := []string{"serve", "--services", s}; !slices.Equal(w.pod.Containers[0].Args, want) {
			t.Errorf("%s runs %q, want %q", s, w.pod.Containers[0].Args, want)
		}
	}
	if len(names) != len(services)+2 {
		t.Errorf("workloads: %v", names)
	}
}

func TestPodsAreRestricted(t *testing.T) {
	for _, w := range workloads(t) {
		p := w.pod
		if s := p.SecurityContext; s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot ||
			s.SeccompProfile == nil || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
			t.Errorf("%s: pod security context %+v", w.name, s)
		}
		if p.AutomountServiceAccountToken == nil || *p.AutomountServiceAccountToken {
			t.Errorf("%s has a token for Kubernetes' API", w.name)
		}
		if p.HostNetwork || p.HostPID || p.HostIPC || len(p.Containers) != 1 || len(p.InitContainers) != 0 {
			t.Errorf("%s: host namespaces or more than one container", w.name)
		}
		c := p.Containers[0]
		checkImage(t, w.name, c.Image)
		if s := c.SecurityContext; s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem ||
			s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || s.Capabilities == nil ||
			!slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) || len(s.Capabilities.Add) > 0 {
			t.Errorf("%s: container security context %+v", w.name, s)
		}
	}
}

func TestPodsAreProbedAndBounded(t *testing.T) {
	for _, w := range workloads(t) {
		c := w.pod.Containers[0]
		ports := map[string]bool{}
		for _, p := range c.Ports {
			ports[p.Name] = true
		}
		for what, probe := range map[string]*corev1.Probe{"startup": c.StartupProbe, "liveness": c.LivenessProbe, "readiness": c.ReadinessProbe} {
			if probe == nil || probe.HTTPGet == nil || !ports[probe.HTTPGet.Port.String()] {
				t.Errorf("%s: %s probe %+v asks no port of %v", w.name, what, probe, ports)
			}
		}
		if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
			t.Errorf("%s: resources %+v", w.name, c.Resources)
		}
		for k, v := range w.sel {
			if w.labels[k] != v {
				t.Errorf("%s selects %s=%s but labels its pods %v", w.name, k, v, w.labels)
			}
		}
	}
}

// Volumes that a container mounts are declared, and every config map comes from
// a generator that has the files.
func TestVolumesExist(t *testing.T) {
	maps := map[string]map[string]bool{}
	for _, dir := range []string{"clickhouse", "config", "nats"} {
		for _, g := range kustomization(t, dir).ConfigMapGenerator {
			maps[g.Name] = map[string]bool{}
			for _, f := range g.Files {
				if _, err := os.Stat(filepath.Join(dir, f)); err != nil {
					t.Errorf("%s: %v", dir, err)
				}
				maps[g.Name][f] = true
			}
		}
	}
	claims := map[string]bool{"results": true}
	for _, c := range stateful(t, "nats").Spec.VolumeClaimTemplates {
		claims[c.Name] = true
	}
	for _, w := range workloads(t) {
		volumes := map[string]corev1.Volume{}
		for _, v := range w.pod.Volumes {
			volumes[v.Name] = v
			if v.ConfigMap != nil && maps[v.ConfigMap.Name] == nil {
				t.Errorf("%s: no config map %s", w.name, v.ConfigMap.Name)
			}
		}
		for _, m := range w.pod.Containers[0].VolumeMounts {
			v, ok := volumes[m.Name]
			if !ok && !claims[m.Name] {
				t.Errorf("%s mounts %s, which is no volume", w.name, m.Name)
			}
			if v.ConfigMap != nil && m.SubPath != "" && !maps[v.ConfigMap.Name][m.SubPath] {
				t.Errorf("%s mounts %s, which is not in the config map", w.name, m.SubPath)
			}
		}
	}
}

// Secrets are named, never contained: the base has none, and the example has
// every key that a workload asks for.
func TestSecretsAreReferences(t *testing.T) {
	have := map[string]bool{}
	for _, o := range objects(t) {
		if s, ok := o.value.(*corev1.Secret); ok {
			if o.file != filepath.Join("k8s", "secret.example.yaml") {
				t.Errorf("%s holds a secret", o.file)
			}
			for k, v := range s.StringData {
				have[s.Name+" "+k] = true
				if !strings.Contains(v, "change-me") && k != "nats-user" {
					t.Errorf("%s: %s looks like a real value", o.file, k)
				}
			}
		}
	}
	for _, w := range workloads(t) {
		for _, e := range w.pod.Containers[0].Env {
			secret := regexp.MustCompile(`(?i)password|_KEY$|^CRUCIBLE_CLICKHOUSE$`).MatchString(e.Name)
			if secret && (e.Value != "" || e.ValueFrom == nil || e.ValueFrom.SecretKeyRef == nil) {
				t.Errorf("%s: %s is not a reference to a secret", w.name, e.Name)
			}
			if strings.Contains(e.Value, "@") {
				t.Errorf("%s: %s holds credentials", w.name, e.Name)
			}
			if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
				r := e.ValueFrom.SecretKeyRef
				if !have[r.Name+" "+r.Key] && (r.Optional == nil || !*r.Optional) {
					t.Errorf("%s: the example has no %s in %s", w.name, r.Key, r.Name)
				}
			}
		}
	}
}

type kustom struct {
	APIVersion         string   `json:"apiVersion"`
	Kind               string   `json:"kind"`
	Namespace          string   `json:"namespace"`
	Resources          []string `json:"resources"`
	ConfigMapGenerator []struct {
		Name  string   `json:"name"`
		Files []string `json:"files"`
	} `json:"configMapGenerator"`
	Images []struct {
		Name   string `json:"name"`
		NewTag string `json:"newTag"`
	} `json:"images"`
}

func kustomization(t *testing.T, dir string) kustom {
	t.Helper()
	var k kustom
	decode(t, dir, []byte(read(t, filepath.Join(dir, "kustomization.yaml"))), &k)
	if k.Kind != "Kustomization" || k.Namespace != "crucible" {
		t.Errorf("%s: %q in the namespace %q", dir, k.Kind, k.Namespace)
	}
	return k
}

func TestKustomizationListsEveryFile(t *testing.T) {
	want := []string{"../clickhouse", "../config", "../nats"}
	entries, err := os.ReadDir("k8s")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if n := e.Name(); n != "kustomization.yaml" && n != "secret.example.yaml" {
			want = append(want, n)
		}
	}
	got := kustomization(t, "k8s").Resources
	if !slices.Equal(got, want) {
		t.Errorf("lists %q, want %q", got, want)
	}
	for _, r := range got[:3] {
		if _, err := os.Stat(path.Join("k8s", r, "kustomization.yaml")); err != nil {
			t.Error(err)
		}
	}
}

// Only what is named may speak: everything is denied first, and only callers
// reach addresses outside the cluster.
func TestNetworkIsClosedByDefault(t *testing.T) {
	denied := false
	for _, o := range objects(t) {
		p, ok := o.value.(*networkingv1.NetworkPolicy)
		if !ok {
			continue
		}
		if p.Name == "default-deny" {
			denied = len(p.Spec.PolicyTypes) == 2 && len(p.Spec.Ingress)+len(p.Spec.Egress) == 0 && len(p.Spec.PodSelector.MatchLabels)+len(p.Spec.PodSelector.MatchExpressions) == 0
		}
		for _, e := range p.Spec.Egress {
			if len(e.To) == 0 {
				t.Errorf("%s allows every destination", p.Name)
			}
			for _, to := range e.To {
				if to.IPBlock != nil && (p.Spec.PodSelector.MatchLabels["app.kubernetes.io/name"] != "caller" || !slices.Contains(to.IPBlock.Except, "169.254.0.0/16")) {
					t.Errorf("%s opens %s", p.Name, to.IPBlock.CIDR)
				}
			}
		}
	}
	if !denied {
		t.Error("no policy denies everything first")
	}
}
