package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// programs are the paths of what the tests start, built once by TestMain.
var programs struct{ crucible, nats string }

// root is the folder of the repository, seen from this package.
const root = "../.."

// raced makes the command report data races: then it exits with 66, unless killed.
var raced = flag.Bool("raced", false, "build the command with the race detector")

var update = flag.Bool("update", false, "make the recorded log in testdata where it is missing")

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	flag.Parse()
	dir, err := os.MkdirTemp("", "crucible-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }() // nothing is lost with it
	programs.crucible = filepath.Join(dir, "crucible")
	programs.nats = filepath.Join(dir, "nats-server")
	for target, pkg := range map[string]string{
		programs.crucible: "./cmd/crucible",
		programs.nats:     "github.com/nats-io/nats-server/v2",
	} {
		build := exec.Command("go", "build", "-race="+strconv.FormatBool(*raced), "-o", target, pkg)
		build.Dir = root
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build %s: %v\n%s", pkg, err, out)
			return 1
		}
	}
	return m.Run()
}

// example is the path of a file in the folder of the examples.
func example(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "examples", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}
