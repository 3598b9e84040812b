// Package deploy_test checks the deployment files with the very libraries that
// their readers use: the compose specification's loader, Kubernetes' API types
// and the NATS server's configuration parser.
package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// pinned is an image with an exact version: three numbers at least.
var pinned = regexp.MustCompile(`^[a-z0-9./-]+:v?\d+\.\d+\.\d+[a-z0-9.-]*$`)

// checkImage refuses images that may change under their name, and servers of
// the log of another version than the one the code embeds and is tested with.
func checkImage(t *testing.T, where, image string) {
	t.Helper()
	if image == "crucible:dev" { // built here; overlays name a release
		return
	}
	if !pinned.MatchString(image) {
		t.Errorf("%s: image %q is not pinned to a version", where, image)
	}
	want := "nats:" + server.VERSION + "-alpine"
	if strings.HasPrefix(image, "nats:") && image != want {
		t.Errorf("%s: image %q, but the code embeds %q", where, image, want)
	}
}

func TestDockerfile(t *testing.T) {
	text := read(t, "docker/Dockerfile")
	if !regexp.MustCompile(`(?m)^FROM golang:1\.26\.\d+-bookworm AS build$`).MatchString(text) {
		t.Error("the build stage does not pin Go's version")
	}
	for _, want := range []string{
		"FROM gcr.io/distroless/base-debian12:nonroot\n", // has the dynamic loader that purego asks for
		"USER 65532:65532\n",
		"ENTRYPOINT [\"/crucible\"]\n",
		"go build -trimpath",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the Dockerfile lacks %q", want)
		}
	}
}

// The build's context holds what the build reads and nothing else: no secrets,
// no data, no history.
func TestDockerIgnore(t *testing.T) {
	lines := strings.Fields(strings.Join(regexp.MustCompile(`(?m)^[^#].*$`).FindAllString(read(t, "../.dockerignore"), -1), "\n"))
	if len(lines) == 0 || lines[0] != "*" {
		t.Fatalf("the context is not empty by default: %v", lines)
	}
	for _, l := range lines[1:] {
		switch {
		case strings.HasPrefix(l, "**/"):
		case strings.HasPrefix(l, "!") && !strings.Contains(l, "*"):
		default:
			t.Errorf("unexpected rule %q", l)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
