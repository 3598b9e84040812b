package store_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/internal/store/storetest"
)

func TestMain(m *testing.M) {
	if what := os.Getenv(childEnv); what != "" {
		if err := child(what, os.Getenv(dirEnv)); err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
			os.Exit(1)
		}
		return
	}
	storetest.Main(m)
}

func TestInProcess(t *testing.T) {
	storetest.Exercise(t, func(t *testing.T) store.Config { return storetest.Config(t) })
}

// TestOverHTTP runs the same suite against the same engine behind its HTTP
// endpoint: what `crucible store` offers to other processes.
func TestOverHTTP(t *testing.T) {
	host := storetest.Open(t)
	server := httptest.NewServer(host.Handler(false))
	t.Cleanup(server.Close)
	storetest.Exercise(t, func(t *testing.T) store.Config {
		return store.Config{URL: server.URL, Database: storetest.Config(t).Database}
	})
}

func TestReadOnlyEndpoint(t *testing.T) {
	host := storetest.Open(t)
	l := storetest.NewLog("r", 2)
	if err := host.Insert(t.Context(), l.Rows); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(host.Handler(true))
	defer server.Close()
	if _, err := store.Open(t.Context(), store.Config{URL: server.URL, Database: host.Database()}); err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("a store opened for writing on the read-only endpoint: %v", err)
	}
}
