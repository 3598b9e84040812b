package deploy_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/crucible-go/crucible/internal/app"
	"github.com/crucible-go/crucible/internal/cli"
)

// use is one call of the binary in a deployment file.
type use struct {
	where string
	args  []string
	env   []string
}

func uses(t *testing.T) []use {
	t.Helper()
	var out []use
	p := composeProject(t)
	for _, name := range services {
		s := p.Services[name]
		u := use{where: "compose " + name, args: s.Command}
		for env := range s.Environment {
			u.env = append(u.env, env)
		}
		out = append(out, u)
		if s.HealthCheck != nil {
			test := s.HealthCheck.Test
			if len(test) < 3 || test[0] != "CMD" || test[1] != "/crucible" {
				t.Errorf("compose %s: health check %q", name, test)
				continue
			}
			out = append(out, use{where: "health check of " + name, args: test[2:]})
		}
	}
	for _, w := range workloads(t) {
		if slices.Contains(services, w.name) {
			u := use{where: "kubernetes " + w.name, args: w.pod.Containers[0].Args}
			for _, e := range w.pod.Containers[0].Env {
				u.env = append(u.env, e.Name)
			}
			out = append(out, u)
		}
	}
	return out
}

// ownVariables are those that the wiring reads by itself, without a flag.
func ownVariables(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../internal/app/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source: %v", err)
	}
	var names []string
	for _, file := range files {
		for _, m := range regexp.MustCompile(`\bGetenv\("(CRUCIBLE_[A-Z_]+)"\)`).FindAllStringSubmatch(read(t, file), -1) {
			names = append(names, m[1])
		}
	}
	return names
}

// The deployment files call the binary with nothing that it does not know.
func TestArgumentsAndVariablesExist(t *testing.T) {
	for _, u := range uses(t) {
		cmd, rest, err := cli.New().Find(u.args)
		if err != nil || !cmd.HasParent() {
			t.Errorf("%s: %q is no command: %v", u.where, u.args, err)
			continue
		}
		if err := cmd.ParseFlags(rest); err != nil {
			t.Errorf("%s: %q: %v", u.where, u.args, err)
			continue
		}
		if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
			t.Errorf("%s: %q: %v", u.where, u.args, err)
		}
		known := ownVariables(t)
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, cli.EnvName(f.Name)) })
		for _, env := range u.env {
			if strings.HasPrefix(env, "CRUCIBLE_") && !slices.Contains(known, env) {
				t.Errorf("%s: %s is no variable of %s: %q", u.where, env, cmd.CommandPath(), known)
			}
		}
	}
}

func TestServicesAreTheBinarys(t *testing.T) {
	if !slices.Equal(app.Services(), services) {
		t.Errorf("the binary has %q, the deployment %q", app.Services(), services)
	}
}
