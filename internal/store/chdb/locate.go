package chdb

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// PackageVersion is the version of the package that carries the engine.
const PackageVersion = "26.7.3-stable.1"

// LibPathEnv names the environment variable with the path of the library.
const LibPathEnv = "CHDB_LIB_PATH"

// ErrNoEngine marks every error about a library that is missing or damaged.
var ErrNoEngine = errors.New("the ClickHouse engine is not here")

// LibName is the file name of the library on every platform.
const LibName = "libchdb.so"

// CachePath is where the fetcher puts the library of a version: the user's
// cache folder.
func CachePath() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the user's cache folder: %w", err)
	}
	return filepath.Join(dir, "crucible", "engine", PackageVersion, LibName), nil
}

// Locate finds the engine's library: the given path if there is one, else the
// file that CHDB_LIB_PATH names, else the user's cache folder, else
// /usr/local/lib. A library that is named must be there; of the others the
// first that exists is taken. The size of a pinned version is checked; its hash
// is what Verify checks.
func Locate(path string) (string, error) {
	for _, named := range []struct{ from, path string }{
		{"the configuration", path}, {LibPathEnv, os.Getenv(LibPathEnv)},
	} {
		if named.path == "" {
			continue
		}
		if err := checkFile(named.path, false); err != nil {
			return "", noEngine(fmt.Sprintf("%s (from %s): %v", named.path, named.from, err))
		}
		return named.path, nil
	}
	cached, err := CachePath()
	if err == nil {
		err = checkFile(cached, true)
		if err == nil {
			return cached, nil
		}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", noEngine(fmt.Sprintf("%s: %v", cached, err))
	}
	system := filepath.Join("/usr/local/lib", LibName)
	if err := checkFile(system, false); err == nil {
		return system, nil
	}
	return "", noEngine(fmt.Sprintf("neither %s nor %s exists", cached, system))
}

func noEngine(what string) error {
	return fmt.Errorf("%w: %s; `make engine` fetches it, %s names it, or point to a ClickHouse server", ErrNoEngine, what, LibPathEnv)
}

// checkFile looks at a library without reading it. With pinned it must have the
// size of this version's.
func checkFile(path string, pinned bool) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return errors.New("it is not a file")
	}
	if st.Size() == 0 {
		return errors.New("it is empty")
	}
	if p, ok := PinFor(runtime.GOOS, runtime.GOARCH); pinned && ok && p.LibBytes != 0 && st.Size() != p.LibBytes {
		return fmt.Errorf("it is damaged: %d bytes instead of %d", st.Size(), p.LibBytes)
	}
	return nil
}
