package sandbox

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// attack is a program that prints "bitten" where it succeeds.
type attack struct {
	name, program string
	verdicts      []Verdict // any of these
	wild          bool      // what it does outside would harm the machine that tests
}

func attacks(port int, secretFile, outside string, parent int) []attack {
	return []attack{
		{name: "reads a file of the host", program: fmt.Sprintf("print('bitten' if open(%q).read() else '')", secretFile), verdicts: []Verdict{Fail}},
		{name: "reads the passwords", program: "print('bitten' if open('/etc/passwd').read() else '')", verdicts: []Verdict{Fail}},
		{name: "reads the environment", program: "import os\nprint('bitten' if os.environ['CRUCIBLE_TEST_KEY'] else '')", verdicts: []Verdict{Fail}},
		{name: "reads the environment of its parents", program: `
import os
for p in os.listdir("/proc"):
    if p.isdigit():
        try:
            if b"CRUCIBLE_TEST_KEY" in open("/proc/" + p + "/environ", "rb").read(): print("bitten")
        except OSError: pass`, verdicts: []Verdict{Pass}},
		{name: "connects to this machine", program: fmt.Sprintf("import socket\nsocket.create_connection(('127.0.0.1', %d), 1)\nprint('bitten')", port), verdicts: []Verdict{Fail}},
		{name: "writes outside", program: fmt.Sprintf("open(%q, 'w').write('x')\nprint('bitten')", outside+"/written"), verdicts: []Verdict{Fail}},
		{name: "follows a link outside", program: fmt.Sprintf("import os, tempfile\nl = tempfile.mkdtemp() + '/l'\nos.symlink(%q, l)\nprint('bitten' if open(l).read() else '')", secretFile), verdicts: []Verdict{Fail}},
		{name: "leaves by its descriptors", program: `
import os
for fd in range(3, 64):
    try:
        if os.path.exists("/proc/self/fd/%d/../etc/passwd" % fd): print("bitten")
    except OSError: pass`, verdicts: []Verdict{Pass}},
		{name: "signals its parents", program: fmt.Sprintf("import os\nos.kill(%d, 0)\nprint('bitten')", parent), verdicts: []Verdict{Fail}},
		{name: "traces another process", program: `
import ctypes, os, time
child = os.fork()
if child == 0: time.sleep(1); os._exit(0)
print("bitten" if ctypes.CDLL(None).ptrace(16, child, 0, 0) == 0 else "")
os.kill(child, 9)`, verdicts: []Verdict{Pass}},
		{name: "kills everything it may", program: "import os\nos.kill(-1, 9)\nos._exit(0)", verdicts: []Verdict{Fail, Killed}, wild: true},
		{name: "a fork bomb", program: "import os\nwhile True: os.fork()", verdicts: []Verdict{Fail, Timeout, Killed, Memory}, wild: true},
		{name: "children that outlive it", program: `
import os, time
for i in range(5):
    if os.fork() == 0:
        os.setsid()
        while True: pass
time.sleep(60)`, verdicts: []Verdict{Timeout}, wild: true},
		{name: "memory by many processes", program: `
import os, time
for i in range(8):
    if os.fork() == 0:
        x = b"1" * (150 << 20); time.sleep(60)
time.sleep(60)`, verdicts: []Verdict{Memory}, wild: true},
		{name: "fills the disk", program: `
with open("/tmp/big", "wb") as f:
    while True: f.write(b"0" * (1 << 20))`, verdicts: []Verdict{Fail, Killed}, wild: true},
		{name: "endless output of children", program: `
import os
for i in range(3): os.fork()
while True: os.write(1, b"x" * 65536)`, verdicts: []Verdict{Killed}, wild: true},
		{name: "ignores signals", program: `
import signal
for s in range(1, 65):
    try: signal.signal(s, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: pass`, verdicts: []Verdict{Timeout}, wild: true},
	}
}

// Every attack is contained within its limit of time and one second. Those that
// harm nothing are run without the walls too, to show that they would have bitten.
func TestHostilePrograms(t *testing.T) {
	t.Setenv("CRUCIBLE_TEST_KEY", "a secret of the host")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	var connections atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			_ = c.Close()
		}
	}()
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("a file of the host"), 0o600); err != nil {
		t.Fatal(err)
	}
	list := attacks(l.Addr().(*net.TCPAddr).Port, secret, outside, os.Getpid())
	for _, a := range list {
		t.Run(a.name, func(t *testing.T) {
			r := run(t, a.program)
			if strings.Contains(string(r.Stdout), "bitten") {
				t.Errorf("it bit: %s", r.Stdout)
			}
			found := false
			for _, v := range a.verdicts {
				found = found || r.Verdict == v
			}
			if !found {
				t.Errorf("verdict %s (%s), want %v\n%s", r.Verdict, r.Reason, a.verdicts, r.Stderr)
			}
			if r.Wall > inside.config.Limits.Time+time.Second {
				t.Errorf("it took %s", r.Wall)
			}
		})
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections from inside", n)
	}
	if _, err := os.Stat(outside + "/written"); err == nil {
		t.Error("a file was written outside")
	}
	for _, a := range list {
		if a.wild {
			continue
		}
		t.Run("control: "+a.name, func(t *testing.T) { bites(t, a) })
	}
	if connections.Load() == 0 {
		t.Error("control: nobody connected")
	}
}

// bites runs an attack without walls.
func bites(t *testing.T, a attack) {
	t.Helper()
	switch a.name {
	case "leaves by its descriptors":
		return // outside there is nothing to leave
	}
	out, err := exec.CommandContext(t.Context(), "/usr/bin/python3", "-c", a.program).CombinedOutput()
	if !strings.Contains(string(out), "bitten") {
		t.Errorf("outside of the sandbox it does nothing either: %v\n%s", err, out)
	}
}

// The control of the wild ones: without the limit of processes they are not stopped
// before the limit of time. A loop of ten forks is enough to see it.
func TestLimitsBite(t *testing.T) {
	t.Parallel()
	program := `
import os, time
started = 0
try:
    for i in range(40):
        if os.fork() == 0: time.sleep(5); os._exit(0)
        started += 1
except OSError: pass
print(started)`
	started := func(processes int) string {
		s, err := New(t.Context(), Config{Limits: Limits{Time: 5 * time.Second, Processes: processes}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		r, err := s.Python(t.Context(), program, "")
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(r.Stdout))
	}
	if few, all := started(20), started(64); few == "40" || all != "40" {
		t.Errorf("with 20 processes %s children were started, with 64 %s of 40", few, all)
	}
}
