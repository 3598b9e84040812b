// Command schemagen writes what follows from the Go types of pkg/events and
// their comments: the JSON Schema of every kind in pkg/events/schema and the
// reference docs/events.md; and the JSON Schema of the experiment's spec, which
// pkg/experiment makes, in docs/spec.schema.json.
//
// With -check it writes nothing and fails, naming the first line that differs,
// if one of these files or the generated codec is not what it should be. Run it
// in the root folder of the repository.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/crucible-go/crucible/pkg/experiment"
)

// Where things are, relative to the root of the repository.
const (
	eventsDir     = "pkg/events"
	schemaDir     = "pkg/events/schema"
	referencePath = "docs/events.md"
	specPath      = "docs/spec.schema.json"
	vectorsPath   = "pkg/events/testdata/ids.json"
	codecPath     = "pkg/events/codec_gen.go"
)

func main() {
	check := flag.Bool("check", false, "write nothing, fail if a file is stale")
	root := flag.String("root", ".", "root folder of the repository")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

// file is a generated file, its path relative to the root.
type file struct {
	path    string
	content []byte
}

func run(dir string, check bool) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	files, err := generate(root)
	if err != nil {
		return err
	}
	if !check {
		return write(root, files)
	}
	codec, err := codec(root)
	if err != nil {
		return err
	}
	return errors.Join(stale(root, append(files, codec)), superfluous(root, files))
}

// generate makes the schemas and the reference.
func generate(root *os.Root) ([]file, error) {
	comments, err := readComments(root, eventsDir)
	if err != nil {
		return nil, err
	}
	schemas, err := makeSchemas(comments)
	if err != nil {
		return nil, err
	}
	var files []file
	for _, s := range schemas {
		b, err := s.encode()
		if err != nil {
			return nil, err
		}
		files = append(files, file{schemaDir + "/" + string(s.kind) + ".json", b})
	}
	reference, err := makeReference(root, schemas)
	if err != nil {
		return nil, err
	}
	return append(files, file{referencePath, reference}, file{specPath, experiment.Schema()}), nil
}

func write(root *os.Root, files []file) error {
	for _, f := range files {
		if err := root.MkdirAll(path.Dir(f.path), 0o750); err != nil {
			return err
		}
		if err := root.WriteFile(f.path, f.content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// stale compares the files with those that are there.
func stale(root *os.Root, files []file) error {
	var errs []error
	for _, f := range files {
		got, err := root.ReadFile(f.path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if !bytes.Equal(got, f.content) {
			errs = append(errs, fmt.Errorf("%s is stale: %s", f.path, firstDifference(got, f.content)))
		}
	}
	return errors.Join(errs...)
}

// superfluous finds schemas of kinds that do not exist.
func superfluous(root *os.Root, files []file) error {
	there, err := fs.Glob(root.FS(), schemaDir+"/*.json")
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range there {
		if !slices.ContainsFunc(files, func(f file) bool { return f.path == t }) {
			errs = append(errs, fmt.Errorf("%s is of no kind", t))
		}
	}
	return errors.Join(errs...)
}

// firstDifference says where two texts part.
func firstDifference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d is %q, want %q", i+1, shorten(g[i]), shorten(w[i]))
		}
	}
	return fmt.Sprintf("it has %d lines, want %d", len(g), len(w))
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 120 {
		return string(r[:120]) + "…"
	}
	return s
}
