package sandbox

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed runner.py
var runner string

// tools are the programs that build a sandbox.
type tools struct {
	bwrap, prlimit, python string
}

// find looks for the tools; an error says which is missing and how to get it.
func find(python string) (tools, error) {
	var t tools
	var err error
	if t.bwrap, err = exec.LookPath("bwrap"); err != nil {
		return t, fmt.Errorf("sandbox: bubblewrap is not installed (apt-get install bubblewrap): %w", err)
	}
	if t.prlimit, err = exec.LookPath("prlimit"); err != nil {
		return t, fmt.Errorf("sandbox: prlimit is not installed (apt-get install util-linux): %w", err)
	}
	if python == "" {
		python = "/usr/bin/python3"
	}
	if t.python, err = exec.LookPath(python); err != nil {
		return t, fmt.Errorf("sandbox: no Python at %s (apt-get install python3): %w", python, err)
	}
	return t, nil
}

// arguments are the command that starts a program behind the walls. The filter is
// read from descriptor 4.
func (t tools) arguments(l Limits, readable, command []string) []string {
	args := []string{
		t.bwrap,
		"--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
		"--disable-userns", "--cap-drop", "ALL", "--uid", "65534", "--gid", "65534", "--hostname", "sandbox",
		"--die-with-parent", "--new-session", "--clearenv",
		"--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/tmp", "--setenv", "LANG", "C.UTF-8",
		"--setenv", "PYTHONHASHSEED", "0", "--setenv", "PYTHONDONTWRITEBYTECODE", "1",
		"--ro-bind", "/usr", "/usr",
	}
	for _, dir := range []string{"bin", "lib", "lib64", "sbin"} {
		// On a merged system these are links below /usr.
		switch target, err := os.Readlink("/" + dir); {
		case err == nil:
			args = append(args, "--symlink", target, "/"+dir)
		default:
			args = append(args, "--ro-bind-try", "/"+dir, "/"+dir)
		}
	}
	for _, f := range []string{"/etc/ld.so.cache", "/etc/alternatives"} {
		args = append(args, "--ro-bind-try", f, f)
	}
	args = append(args, "--proc", "/proc", "--dev", "/dev", "--size", strconv.FormatInt(l.Disk, 10), "--tmpfs", "/tmp")
	for _, dir := range readable {
		args = append(args, "--ro-bind", dir, dir)
	}
	args = append(args, "--remount-ro", "/", "--chdir", "/tmp", "--seccomp", "4", "--",
		// Inside, where processes are counted by namespace and not by user.
		t.prlimit,
		"--as="+strconv.FormatInt(l.Memory, 10),
		"--fsize="+strconv.FormatInt(l.Disk, 10),
		"--nproc="+strconv.Itoa(l.Processes),
		"--nofile="+strconv.Itoa(l.Files),
		"--cpu="+strconv.Itoa(int(l.Time.Seconds())*min(l.Processes, 4)+2),
		"--core=0",
		"--")
	return append(args, command...)
}

// pythonCommand is the interpreter with the runner, and the folder that it needs
// outside of /usr, if any.
func (t tools) pythonCommand() (command, readable []string) {
	if real, err := filepath.EvalSymlinks(t.python); err == nil && !strings.HasPrefix(real, "/usr/") {
		readable = append(readable, filepath.Dir(filepath.Dir(real)))
	}
	return []string{t.python, "-I", "-B", "-c", runner}, readable
}
