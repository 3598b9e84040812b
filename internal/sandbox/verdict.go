package sandbox

import "time"

// Verdict is how a program ended.
type Verdict string

// The verdicts.
const (
	Pass    Verdict = "pass"    // it ran to its end
	Fail    Verdict = "fail"    // it raised an exception, exited early or with a status other than 0
	Timeout Verdict = "timeout" // it took longer than Limits.Time
	Memory  Verdict = "memory"  // it asked for more than Limits.Memory
	Killed  Verdict = "killed"  // a signal ended it, or it wrote more than Limits.Output
	Error   Verdict = "error"   // the sandbox failed: nothing is known of the program
)

// Result is what a program did.
type Result struct {
	Verdict Verdict
	// Reason says why the verdict is not Pass, such as the last line of a traceback.
	Reason string
	// ExitCode is the status that the program exited with, −1 where a signal ended it.
	ExitCode int
	// Stdout and Stderr are what it wrote, at most Limits.Output bytes in all.
	Stdout, Stderr []byte
	// Wall is how long it took from the moment it was given its task.
	Wall time.Duration
	// CPU is the processors' time of it and of those of its children that it waited
	// for.
	CPU time.Duration
}

// Limits bound one program.
type Limits struct {
	Time      time.Duration // from its start to its end; 10 s
	Memory    int64         // bytes, of each process and of all together; 1 GiB
	Disk      int64         // bytes in /tmp, and of each file; 64 MiB
	Output    int           // bytes of standard output and error together; 1 MiB
	Processes int           // processes and threads at a time; 64
	Files     int           // open files of each process; 256
}

// withDefaults fills what is zero.
func (l Limits) withDefaults() Limits {
	if l.Time <= 0 {
		l.Time = 10 * time.Second
	}
	if l.Memory <= 0 {
		l.Memory = 1 << 30
	}
	if l.Disk <= 0 {
		l.Disk = 64 << 20
	}
	if l.Output <= 0 {
		l.Output = 1 << 20
	}
	if l.Processes <= 0 {
		l.Processes = 64
	}
	if l.Files <= 0 {
		l.Files = 256
	}
	return l
}
