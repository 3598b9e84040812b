// Package sandbox runs programs that nobody vouches for: code that a model wrote,
// and scorers that a stranger supplied.
//
// A program runs in bubblewrap, in user, process, network, IPC, host-name and mount
// namespaces of its own: it sees /usr read-only, an empty /tmp of a limited size, no
// network, no process of the host and an empty environment. A seccomp filter takes
// from it the system calls that have opened kernels before, and limits bound its
// memory, processors' time, processes, files and output. It runs without privileges
// even where we have them, and it dies with us.
//
// There is no unprotected mode. New tries each wall with a program that runs against
// it, and refuses with what gave way; a machine where bubblewrap cannot work runs
// nothing.
//
// Each program gets a sandbox of its own that is used once. Config.Warm keeps that
// many of them started, with the interpreter waiting, so that a program does not
// wait for its walls.
//
// What a program says of its own tests is believed when the runner reports the
// secret of that run after them; a program that ends early, by whatever call, has
// not passed. Since the program shares its interpreter with the runner, one that
// looks for that secret on purpose could find it: the sandbox protects the machine
// against the program, not the score against a program that means to cheat.
package sandbox
