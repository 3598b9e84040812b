package provider

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"

	"github.com/crucible-go/crucible/pkg/experiment"
)

// The names of the providers.
const (
	NameRecorded  = "recorded"
	NameSimulated = "simulated"
	NameExec      = "exec"
	NameOpenAI    = "openai"
	NameAnthropic = "anthropic"
	NameGoogle    = "google"
	NameHTTP      = "http"
)

// Pool is a way to a provider whose limits all its models share.
type Pool struct {
	Name        string
	Provider    string   // one of Names
	BaseURL     string   // of a server; "" is the provider's own
	KeyEnv      string   // name of the environment variable that holds the key
	KeyFile     string   // file that holds the key, relative to Dir
	Command     []string // of exec: the program and its arguments
	Dir         string   // the spec's folder: where a program is started and .env is looked for; "" is here, and no .env
	Concurrency int      // calls at a time; 0 is the provider's default
	RPM         int      // requests per minute; for the caller, not used here
	TPM         int      // tokens per minute; likewise

	HTTP *experiment.HTTP // of http
}

// PoolOf is a pool as a spec or a configuration declares it; its program, if it
// is one, is started in dir.
func PoolOf(p experiment.Pool, dir string) Pool {
	return Pool{
		Name: p.Name, Provider: p.Provider, BaseURL: p.BaseURL, KeyEnv: p.KeyEnv, KeyFile: p.KeyFile, HTTP: p.HTTP, Command: p.Command, Dir: dir,
		Concurrency: p.Concurrency, RPM: p.RPM, TPM: p.TPM,
	}
}

// Open makes the provider of a pool. getenv reads the key and, for exec, the
// environment that the program is given. The closer is never nil; close it when
// no Ask is under way.
//
// A pool whose key is not in the environment is refused with an error that names
// the variable, except where the base URL is a loopback address.
func Open(p Pool, getenv func(string) string) (Provider, io.Closer, error) {
	switch p.Provider {
	case NameRecorded:
		return Recorded{}, nothing{}, nil
	case NameSimulated:
		return NewSimulated(), nothing{}, nil
	case NameExec:
		return opened(p, openExec, getenv)
	case NameOpenAI:
		return opened(p, openOpenAI, getenv)
	case NameAnthropic:
		return opened(p, openAnthropic, getenv)
	case NameGoogle:
		return opened(p, openGoogle, getenv)
	case NameHTTP:
		return opened(p, openHTTP, getenv)
	}
	return nil, nil, fmt.Errorf("open pool %s: unknown provider %q%s", p.Name, p.Provider, nearest(p.Provider))
}

// Names are the names of the providers.
func Names() []string {
	return []string{NameRecorded, NameSimulated, NameExec, NameOpenAI, NameAnthropic, NameGoogle, NameHTTP}
}

// nearest is a hint at the name that was meant.
func nearest(name string) string {
	if near := experiment.Nearest(name, Names()); near != "" {
		return " (did you mean " + near + "?)"
	}
	return " (" + strings.Join(Names(), ", ") + ")"
}

func openOpenAI(p Pool, getenv func(string) string) (*OpenAI, error) {
	return openServer(p, getenv, openAIURL, openAIKeyEnv, NewOpenAI)
}

func openAnthropic(p Pool, getenv func(string) string) (*Anthropic, error) {
	return openServer(p, getenv, anthropicURL, anthropicKeyEnv, NewAnthropic)
}

func openGoogle(p Pool, getenv func(string) string) (*Google, error) {
	return openServer(p, getenv, googleURL, googleKeyEnv, NewGoogle)
}

func openHTTP(p Pool, getenv func(string) string) (*HTTP, error) {
	key, from, err := findKey(p, getenv)
	if err != nil {
		return nil, err
	}
	if p.HTTP == nil {
		return nil, errors.New("http: the pool does not say how the endpoint is asked")
	}
	if key.Empty() && (p.KeyEnv != "" || p.KeyFile != "") && !loopback(p.HTTP.URL) {
		return nil, noKey(p, "the endpoint")
	}
	return NewHTTP(*p.HTTP, ClientConfig{Key: key, KeyFrom: from, Concurrency: p.Concurrency})
}

type closable interface {
	Provider
	io.Closer
}

func opened[T closable](p Pool, open func(Pool, func(string) string) (T, error), getenv func(string) string) (Provider, io.Closer, error) {
	v, err := open(p, getenv)
	if err != nil {
		return nil, nil, fmt.Errorf("open pool %s: %w", p.Name, err)
	}
	return v, v, nil
}

type nothing struct{}

func (nothing) Close() error { return nil }

// baseURL checks the base URL of a pool. A URL with a user or a query is refused
// without being shown: that is where keys are put.
func baseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case err != nil:
		return nil, fmt.Errorf("base URL: not a URL")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("base URL: a user, a query or a fragment is not allowed (name the key's variable instead)")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, fmt.Errorf("base URL: want http://HOST or https://HOST")
	}
	return u, nil
}

// loopback reports whether a URL leads to this machine.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := u.Hostname()
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
