package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// codec generates the codec of pkg/events beside the tree, in a copy of the
// package.
func codec(root *os.Root) (file, error) {
	dir, err := os.MkdirTemp("", "schemagen")
	if err != nil {
		return file{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	to, err := os.OpenRoot(dir)
	if err != nil {
		return file{}, err
	}
	defer func() { _ = to.Close() }()
	if err := copyPackage(root, to); err != nil {
		return file{}, fmt.Errorf("generate the codec: %w", err)
	}
	cmd := exec.Command("go", "generate", ".")
	cmd.Dir = filepath.Join(dir, eventsDir)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return file{}, fmt.Errorf("generate the codec: %w: %s", err, out)
	}
	content, err := to.ReadFile(codecPath)
	if err != nil {
		return file{}, fmt.Errorf("generate the codec: %w", err)
	}
	return file{codecPath, content}, nil
}

// copyPackage copies what the generator of the codec reads.
func copyPackage(from, to *os.Root) error {
	paths := []string{"pkg/go.mod", "pkg/go.sum"}
	for _, glob := range []string{eventsDir + "/*.go", schemaDir + "/*.json"} {
		found, err := fs.Glob(from.FS(), glob)
		if err != nil {
			return err
		}
		paths = append(paths, found...)
	}
	for _, p := range paths {
		if p == codecPath || strings.HasSuffix(p, "_test.go") {
			continue
		}
		b, err := from.ReadFile(p)
		if err != nil {
			return err
		}
		if err := to.MkdirAll(path.Dir(p), 0o750); err != nil {
			return err
		}
		if err := to.WriteFile(p, b, 0o600); err != nil {
			return err
		}
	}
	return nil
}
