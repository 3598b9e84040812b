package bus_test

import (
	"testing"

	"github.com/crucible-go/crucible/internal/bus/bustest"
)

func TestMain(m *testing.M) { bustest.Main(m) }

func TestEmbedded(t *testing.T) { bustest.Exercise(t, bustest.Embedded) }

func TestRemote(t *testing.T) { bustest.Exercise(t, bustest.Remote) }
