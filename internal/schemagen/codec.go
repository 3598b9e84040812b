package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// codec generates the codec of pkg/events beside the tree, in a copy of the
// package.
func codec(root string) (file, error) {
	dir, err := os.MkdirTemp("", "schemagen")
	if err != nil {
		return file{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := copyPackage(root, dir); err != nil {
		return file{}, fmt.Errorf("generate the codec: %w", err)
	}
	cmd := exec.Command("go", "generate", ".")
	cmd.Dir = filepath.Join(dir, eventsDir)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return file{}, fmt.Errorf("generate the codec: %w: %s", err, out)
	}
	content, err := os.ReadFile(filepath.Join(dir, codecPath))
	if err != nil {
		return file{}, fmt.Errorf("generate the codec: %w", err)
	}
	return file{codecPath, content}, nil
}

// copyPackage copies what the generator of the codec reads.
func copyPackage(root, to string) error {
	paths := []string{"pkg/go.mod", "pkg/go.sum"}
	for _, glob := range []string{eventsDir + "/*.go", schemaDir + "/*.json"} {
		found, err := filepath.Glob(filepath.Join(root, glob))
		if err != nil {
			return err
		}
		for _, f := range found {
			if path := filepath.Dir(glob) + "/" + filepath.Base(f); path != codecPath && !strings.HasSuffix(path, "_test.go") {
				paths = append(paths, path)
			}
		}
	}
	for _, path := range paths {
		b, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(to, filepath.Dir(path)), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, path), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}
