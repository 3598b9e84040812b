package sandbox

import (
	"context"
	"fmt"
	"net"
	"strings"
)

// probes are programs that try to get through one wall each. They print "open" if
// they do.
func probes(port int) []struct{ wall, program string } {
	return []struct{ wall, program string }{
		{"the host's files", `
import os
print("open" if set(os.listdir("/")) - {"usr", "bin", "lib", "lib64", "sbin", "proc", "dev", "tmp", "etc"} or os.path.exists("/etc/passwd") else "shut")`},
		{"the host's environment", `
import os
print("open" if set(os.environ) - {"PATH", "HOME", "LANG", "PWD", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "LC_CTYPE"} else "shut")`},
		{"the host's processes", `
import os
print("open" if len([p for p in os.listdir("/proc") if p.isdigit()]) > 4 else "shut")`},
		{"the network of this machine", fmt.Sprintf(`
import socket
try:
    socket.create_connection(("127.0.0.1", %d), 2)
    print("open")
except OSError:
    print("shut")`, port)},
		{"writing outside of /tmp", `
for f in ["/usr/crucible-probe", "/crucible-probe"]:
    try:
        open(f, "w")
        print("open")
    except OSError:
        pass
print("shut")`},
		{"tracing other processes", `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print("shut" if libc.ptrace(0, 0, 0, 0) == -1 and ctypes.get_errno() == 1 else "open")`},
		{"new namespaces", `
import ctypes
print("shut" if ctypes.CDLL(None).unshare(0x10000000) == -1 else "open")`},
	}
}

// probe runs the programs and says which wall gave way.
func (s *Sandbox) probe(ctx context.Context) error {
	l, err := net.Listen("tcp", "127.0.0.1:0") // a live one: a refused connection shows nothing
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	defer func() { _ = l.Close() }()
	var all strings.Builder
	walls := probes(l.Addr().(*net.TCPAddr).Port)
	for i, p := range walls {
		fmt.Fprintf(&all, "\nprint(%d)%s\n", i, p.program)
	}
	r, err := s.Python(ctx, all.String(), "")
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	if r.Verdict != Pass {
		return fmt.Errorf("sandbox: bubblewrap does not work here: %s: %s%s", r.Verdict, r.Reason, indented(r.Stderr))
	}
	wall := ""
	for line := range strings.Lines(string(r.Stdout)) {
		switch line = strings.TrimSpace(line); line {
		case "open":
			return fmt.Errorf("sandbox: on this machine a program gets through to %s: nothing untrusted is run", wall)
		case "shut":
		default:
			var i int
			if _, err := fmt.Sscan(line, &i); err == nil && i < len(walls) {
				wall = walls[i].wall
			}
		}
	}
	return nil
}

func indented(b []byte) string {
	text := strings.TrimSpace(string(b))
	if text == "" {
		return ""
	}
	return "\n\t" + strings.ReplaceAll(text, "\n", "\n\t")
}
