package sandbox

import (
	"bytes"
	"encoding/binary"
	"fmt"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// deniedCalls are system calls that a program that computes something has no use
// for, and that have been the way out of containers: of other processes' memory,
// mounts and namespaces, kernel modules and programs, keys, clocks and queues of the
// kernel. They answer EPERM.
func deniedCalls() []string {
	return []string{
		"ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd",
		"mount", "umount2", "pivot_root", "chroot", "setns", "unshare", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick",
		"init_module", "finit_module", "delete_module", "kexec_load", "bpf", "perf_event_open", "userfaultfd",
		"io_uring_setup", "io_uring_enter", "io_uring_register",
		"keyctl", "add_key", "request_key",
		"name_to_handle_at", "open_by_handle_at", "fanotify_init", "quotactl", "acct", "swapon", "swapoff", "reboot", "syslog", "vhangup",
		"settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "personality", "lookup_dcookie", "mbind", "move_pages", "migrate_pages",
	}
}

// filter is the program for the kernel, in its own form: 8 bytes an instruction.
func filter() ([]byte, error) {
	policy := seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls: []seccomp.SyscallGroup{
			{Action: seccomp.ActionErrno | seccomp.Action(unix.EPERM), Names: deniedCalls()},
			{Action: seccomp.ActionErrno | seccomp.Action(unix.EPERM), NamesWithCondtions: []seccomp.NameWithConditions{{
				// Sockets of families above IPv6 and Unix: netlink, packet, vsock.
				Name: "socket",
				Conditions: seccomp.ArgumentConditions{
					{Argument: 0, Operation: seccomp.NotEqual, Value: unix.AF_UNIX},
					{Argument: 0, Operation: seccomp.NotEqual, Value: unix.AF_INET},
					{Argument: 0, Operation: seccomp.NotEqual, Value: unix.AF_INET6},
				},
			}}},
		},
	}
	program, err := policy.Assemble()
	if err != nil {
		return nil, fmt.Errorf("sandbox: assemble the filter: %w", err)
	}
	raw, err := bpf.Assemble(program)
	if err != nil {
		return nil, fmt.Errorf("sandbox: assemble the filter: %w", err)
	}
	var b bytes.Buffer
	for _, in := range raw {
		// struct sock_filter: 16 bits of code, two jumps of 8 bits, 32 bits of operand.
		_ = binary.Write(&b, binary.NativeEndian, in) // a buffer takes everything
	}
	return b.Bytes(), nil
}
