package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/crucible-go/crucible/internal/store/chdb"
)

// home gives the test a cache folder of its own and returns the library's place
// in it.
func home(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", dir)
	t.Setenv("HOME", dir)
	path, err := chdb.CachePath()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// pack makes a package with these files and returns its path and SHA-512.
func pack(t *testing.T, files ...string) (path, sum string) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range files {
		body := "the content of " + name
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(body))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "p.tgz")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	h := sha512.Sum512(b.Bytes())
	return path, base64.StdEncoding.EncodeToString(h[:])
}

// command fetches for a platform whose package has no pinned hash, unless f
// names another.
func command(f fetcher) (path, talk string, err error) {
	if f.goos == "" {
		f.goos, f.goarch = "darwin", "arm64"
	}
	var b bytes.Buffer
	f.talk = &b
	path, err = f.fetch(context.Background())
	return path, b.String(), err
}

// fakeNpm puts a program named npm, with this text, before all others.
func fakeNpm(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "npm"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestFetchTakesOnlyTheLibrary(t *testing.T) {
	want := home(t)
	packed, sum := pack(t, "package/index.js", "package/../../../evil", "package/libchdb.so", "package/after")
	path, _, err := command(fetcher{from: packed, integrity: "sha512-" + sum})
	if err != nil || path != want {
		t.Fatalf("fetch = %q, %v, want %q", path, err, want)
	}
	b, err := os.ReadFile(path)
	if err != nil || string(b) != "the content of package/libchdb.so" {
		t.Errorf("the library is %q, %v", b, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 2 { // the library and the lock
		t.Errorf("the cache folder holds %v, %v", entries, err)
	}
	if path, _, err = command(fetcher{from: "nowhere"}); err != nil || path != want {
		t.Errorf("a second fetch looked for the package: %v", err)
	}
	if _, talk, err := command(fetcher{verify: true}); err != nil || !strings.Contains(talk, "SHA-256") {
		t.Errorf("verify: %q, %v", talk, err)
	}
}

func TestFetchRefuses(t *testing.T) {
	path := home(t)
	packed, sum := pack(t, "package/libchdb.so")
	empty, emptySum := pack(t, "package/index.js")
	half := filepath.Join(t.TempDir(), "half.tgz")
	b, err := os.ReadFile(packed)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(half, b[:len(b)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	h := sha512.Sum512(b[:len(b)/2])
	for name, c := range map[string]struct {
		f    fetcher
		want string
	}{
		"another platform":  {fetcher{goos: "plan9", goarch: "386"}, "no engine for plan9/386"},
		"no pinned hash":    {fetcher{from: packed}, "--sha512"},
		"another package":   {fetcher{from: packed, integrity: emptySum}, "not the pinned one"},
		"the pinned one":    {fetcher{from: packed, goos: "linux", goarch: "amd64"}, "not the pinned one"},
		"no library in it":  {fetcher{from: empty, integrity: emptySum}, "holds no library"},
		"half a package":    {fetcher{from: half, integrity: base64.StdEncoding.EncodeToString(h[:])}, "unpack"},
		"no package":        {fetcher{from: filepath.Join(t.TempDir(), "x"), integrity: sum}, "read the package"},
		"nothing to verify": {fetcher{verify: true}, "without --verify"},
	} {
		if _, _, err := command(c.f); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Fatalf("%s: a library was put in place", name)
		}
	}
}

func TestFetchWithNpm(t *testing.T) {
	home(t)
	packed, sum := pack(t, "package/libchdb.so")
	t.Run("absent", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		if _, _, err := command(fetcher{integrity: sum}); err == nil || !strings.Contains(err.Error(), "npm is not installed") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("fails", func(t *testing.T) {
		fakeNpm(t, "echo 'npm error code E404' >&2; exit 1\n")
		if _, _, err := command(fetcher{integrity: sum}); err == nil || !strings.Contains(err.Error(), "E404") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("leaves nothing", func(t *testing.T) {
		fakeNpm(t, "exit 0\n")
		if _, _, err := command(fetcher{integrity: sum}); err == nil || !strings.Contains(err.Error(), "left 0 packages") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("works once for all who wait", func(t *testing.T) {
		runs := filepath.Join(t.TempDir(), "runs")
		fakeNpm(t, `[ "$1 $2 $3" = "pack @chdb/lib-darwin-arm64@`+chdb.PackageVersion+` --ignore-scripts" ] || exit 2
echo run >>`+runs+"\ncp "+packed+" ./p.tgz\n")
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if _, _, err := command(fetcher{integrity: sum}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if b, err := os.ReadFile(runs); err != nil || string(b) != "run\n" {
			t.Errorf("npm ran %q, %v", b, err)
		}
	})
}

func TestDamagedLibraryIsFetchedAgain(t *testing.T) {
	path := home(t)
	pin, ok := chdb.PinFor("linux", "amd64")
	if !ok {
		t.Fatal("no pin")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if present(path, pin) {
		t.Error("a library of the wrong size counts as present")
	}
	if _, _, err := command(fetcher{goos: "linux", goarch: "amd64", verify: true}); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("verify: %v", err)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"--nope"}, {"extra"}} {
		var out, errs bytes.Buffer
		if code := run(context.Background(), args, &out, &errs); code != 2 || out.Len() != 0 || errs.Len() == 0 {
			t.Errorf("%q: exit %d, %q, %q", args, code, out.String(), errs.String())
		}
	}
}
