package app_test

import (
	"testing"

	"github.com/crucible-go/crucible/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }
