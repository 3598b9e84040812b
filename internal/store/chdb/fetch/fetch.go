package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/crucible-go/crucible/internal/store/chdb"
)

// fetcher puts the engine's library where chdb.Locate looks for it.
type fetcher struct {
	goos, goarch string
	from         string // a package that lies here; empty: npm
	integrity    string // SHA-512 of the package, base64, where none is pinned
	verify       bool
	talk         io.Writer
}

func (f *fetcher) fetch(ctx context.Context) (string, error) {
	pin, ok := chdb.PinFor(f.goos, f.goarch)
	if !ok {
		return "", fmt.Errorf("there is no engine for %s/%s; point to a ClickHouse server instead", f.goos, f.goarch)
	}
	path, err := chdb.CachePath()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return "", fmt.Errorf("make the cache folder: %w", err)
	}
	if f.verify {
		return path, f.check(pin, path)
	}
	if present(path, pin) {
		return path, nil
	}
	lock := flock.New(filepath.Join(filepath.Dir(path), "fetch.lock"))
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return "", fmt.Errorf("wait for another fetch: %w", err)
	}
	defer func() { _ = lock.Unlock() }()
	if present(path, pin) {
		return path, nil
	}
	return path, f.install(ctx, pin, path)
}

// check reads the whole library.
func (f *fetcher) check(pin chdb.Pin, path string) error {
	sum, err := pin.Verify(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s does not exist: run without --verify to fetch it", path)
	}
	if err != nil {
		return err
	}
	f.say("SHA-256 %s", sum)
	return nil
}

func present(path string, pin chdb.Pin) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular() && st.Size() > 0 && (pin.LibBytes == 0 || st.Size() == pin.LibBytes)
}

func (f *fetcher) install(ctx context.Context, pin chdb.Pin, path string) error {
	want := pin.Integrity
	if want == "" {
		want = strings.TrimPrefix(f.integrity, "sha512-")
	}
	if want == "" {
		stated, err := f.stated(ctx, pin)
		if err != nil {
			return err
		}
		want = stated
	}
	tmp, err := os.MkdirTemp(filepath.Dir(path), "fetch-")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	packed := f.from
	if packed == "" {
		if packed, err = f.pack(ctx, pin, tmp); err != nil {
			return err
		}
	}
	if err := checkPackage(packed, want); err != nil {
		return err
	}
	lib := filepath.Join(tmp, chdb.LibName)
	if err := extract(packed, lib); err != nil {
		return err
	}
	if _, err := pin.Verify(lib); err != nil {
		return err
	}
	if err := os.Rename(lib, path); err != nil {
		return fmt.Errorf("put the library in place: %w", err)
	}
	return nil
}

// stated is the hash that the registry states for a package that has none
// pinned here. It guards against a damaged download, not against the registry.
func (f *fetcher) stated(ctx context.Context, pin chdb.Pin) (string, error) {
	name := pin.Package + "@" + chdb.PackageVersion
	if f.from != "" {
		return "", fmt.Errorf("%s has no pinned hash for %s/%s: pass the one of the package with --sha512", name, f.goos, f.goarch)
	}
	npm, err := lookNPM(pin)
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, npm, "view", name, "dist.integrity").Output() //nolint:gosec // constants
	hash, ok := strings.CutPrefix(strings.TrimSpace(string(out)), "sha512-")
	if err != nil || !ok {
		return "", fmt.Errorf("npm view %s states no SHA-512, and none is pinned for %s/%s: pass the hash of the package with --sha512", name, f.goos, f.goarch)
	}
	f.say("no hash of %s is pinned for %s/%s: checking against the registry's, sha512-%s", name, f.goos, f.goarch, hash)
	return hash, nil
}

func lookNPM(pin chdb.Pin) (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", fmt.Errorf("npm is not installed; it fetches %s@%s. Install it, or set %s to a libchdb of this version, or point to a ClickHouse server",
			pin.Package, chdb.PackageVersion, chdb.LibPathEnv)
	}
	return npm, nil
}

// pack downloads the package with npm, which unpacks and runs nothing.
func (f *fetcher) pack(ctx context.Context, pin chdb.Pin, dir string) (string, error) {
	npm, err := lookNPM(pin)
	if err != nil {
		return "", err
	}
	f.say("fetching %s@%s (about 180 MB)", pin.Package, chdb.PackageVersion)
	var errs strings.Builder
	cmd := exec.CommandContext(ctx, npm, "pack", pin.Package+"@"+chdb.PackageVersion, //nolint:gosec // constants
		"--ignore-scripts", "--silent", "--pack-destination", dir)
	cmd.Dir, cmd.Stderr = dir, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("npm pack %s@%s: %w: %s", pin.Package, chdb.PackageVersion, err, lastLines(errs.String(), 3))
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm pack %s@%s left %d packages, want 1", pin.Package, chdb.PackageVersion, len(found))
	}
	return found[0], nil
}

func checkPackage(path, want string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read the package: %w", err)
	}
	defer func() { _ = f.Close() }()
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		return fmt.Errorf("read the package: %w", err)
	}
	if got := base64.StdEncoding.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("the package is not the pinned one: its SHA-512 is %s, not %s", got, want)
	}
	return nil
}

// extract writes the library in a package, and nothing else of it, to path.
func extract(packed, path string) (err error) {
	f, err := os.Open(packed)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return errors.New("unpack: the package holds no library")
		}
		if err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		if h.Typeflag == tar.TypeReg && (h.Name == "package/libchdb.so" || h.Name == "package/libchdb.dylib") {
			return write(path, t, h.Size)
		}
	}
}

func write(path string, r io.Reader, size int64) error {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	n, err := io.Copy(out, io.LimitReader(r, size))
	if err == nil {
		err = out.Sync()
	}
	if err := errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	if n != size {
		return fmt.Errorf("unpack: %d bytes of %d", n, size)
	}
	return nil
}

func (f *fetcher) say(format string, args ...any) {
	_, _ = fmt.Fprintf(f.talk, "fetch: "+format+"\n", args...)
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "; ")
}
