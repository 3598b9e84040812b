package bus_test

import (
	"testing"

	"github.com/crucible-go/crucible/internal/bus/bustest"
)

func TestMain(m *testing.M) { bustest.Main(m) }

// The three ways to a log are tested side by side: they mostly wait.

func TestEmbedded(t *testing.T) {
	t.Parallel()
	bustest.Exercise(t, bustest.Embedded)
}

func TestRemote(t *testing.T) {
	t.Parallel()
	bustest.Exercise(t, bustest.Remote)
}
