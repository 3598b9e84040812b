package hedge

import (
	"testing"

	"github.com/crucible-go/crucible/pkg/internal/seeded"
)

func TestMain(m *testing.M) { seeded.Main(m) }
