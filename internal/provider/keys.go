package provider

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// maxKeyFile is the size in bytes above which a file holds something else than
// a key, or a few variables.
const maxKeyFile = 64 << 10

// DotEnv is the name of the file beside a spec that may hold its keys.
const DotEnv = ".env"

// findKey returns the key of a pool and says where it comes from: the file that
// the pool names, else the environment, else the file .env in the folder of the
// spec. What the environment sets, even to nothing but blanks, .env never
// overrides. The key is empty where the pool names none.
func findKey(p Pool, getenv func(string) string) (key Secret, from string, err error) {
	if p.KeyFile != "" {
		return keyOfFile(p)
	}
	if p.KeyEnv == "" {
		return Secret{}, "", nil
	}
	from = "the environment variable " + p.KeyEnv
	value := getenv(p.KeyEnv)
	if value == "" && p.Dir != "" {
		if value, err = dotEnv(filepath.Join(p.Dir, DotEnv), p.KeyEnv); err != nil {
			return Secret{}, "", err
		}
		if value != "" {
			from = p.KeyEnv + " of the file " + DotEnv
		}
	}
	return checkedKey(value, from)
}

func keyOfFile(p Pool) (Secret, string, error) {
	name := p.KeyFile
	if !filepath.IsAbs(name) {
		name = filepath.Join(p.Dir, name)
	}
	from := "the file " + p.KeyFile + " (api_key_file)"
	b, err := readSmall(name)
	if err != nil {
		return Secret{}, "", fmt.Errorf("%s: %w", from, plainPathError(err))
	}
	value := strings.TrimSpace(string(b))
	if value == "" {
		return Secret{}, "", fmt.Errorf("%s is empty", from)
	}
	return checkedKey(value, from)
}

// checkedKey refuses what cannot be the value of a header, without showing it.
func checkedKey(value, from string) (Secret, string, error) {
	value = strings.TrimSpace(value)
	for _, c := range []byte(value) {
		if c < ' ' || c == 0x7f {
			return Secret{}, "", fmt.Errorf("the key in %s has a line break or another control character", from)
		}
	}
	return NewSecret(value), from, nil
}

// readSmall reads a regular file of at most maxKeyFile bytes.
func readSmall(name string) ([]byte, error) {
	f, err := os.Open(name) //nolint:gosec // the user names his own file
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	b, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err == nil && len(b) > maxKeyFile {
		return nil, errors.New("too large for a key")
	}
	return b, err
}

// plainPathError is the cause of an error of a file, whose name is said
// elsewhere.
func plainPathError(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// dotEnv returns the value of a variable in a file of lines NAME=value, "" where
// the file or the variable is absent. A line may begin with export; a value may
// be in quotes; # begins a comment.
func dotEnv(file, name string) (string, error) {
	b, err := readSmall(file)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("the file %s: %w", DotEnv, plainPathError(err))
	}
	found := ""
	for line := range strings.Lines(string(b)) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		key, value, ok := strings.Cut(line, "=")
		if ok && strings.TrimSpace(key) == name {
			found = dotEnvValue(value)
		}
	}
	return found, nil
}

func dotEnvValue(value string) string {
	value = strings.TrimSpace(value)
	if len(value) > 0 && (value[0] == '"' || value[0] == '\'') {
		if end := strings.IndexByte(value[1:], value[0]); end >= 0 {
			return value[1 : 1+end]
		}
	}
	if at := strings.Index(value, " #"); at >= 0 {
		value = strings.TrimSpace(value[:at])
	}
	return value
}

// openServer opens a provider at a server. A pool whose key is nowhere is
// refused with an error that names the variable, except where the base URL is a
// loopback address.
func openServer[T any](p Pool, getenv func(string) string, own, ownEnv string, open func(ClientConfig) (T, error)) (none T, err error) {
	if p.BaseURL == "" {
		p.BaseURL = own
	}
	base, err := baseURL(p.BaseURL)
	if err != nil {
		return none, err
	}
	if ours, err := url.Parse(own); err == nil && p.KeyEnv == "" && base.Hostname() == ours.Hostname() {
		p.KeyEnv = ownEnv
	}
	key, from, err := findKey(p, getenv)
	if err != nil {
		return none, err
	}
	if key.Empty() && !loopback(base.String()) {
		return none, noKey(p, base.Host)
	}
	return open(ClientConfig{BaseURL: p.BaseURL, Key: key, KeyFrom: from, Concurrency: p.Concurrency})
}

// noKey says which variable is missing and where it may be set.
func noKey(p Pool, host string) error {
	if p.KeyEnv == "" {
		return fmt.Errorf("no key for %s: name its environment variable (api_key_env) or its file (api_key_file)", host)
	}
	return fmt.Errorf("no key for %s: the environment variable %s is not set, and neither is it in a file %s beside the spec", host, p.KeyEnv, DotEnv)
}
