package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// pulse is how often a running program's memory is added up.
const pulse = 20 * time.Millisecond

// watch waits for the end of a program and reports why it was ended, if it was:
// for time, for the memory of all of its processes together, or for its output.
// cancelled is closed when nobody wants the result any more.
func (p *process) watch(l Limits, cancelled <-chan struct{}) (Verdict, string) {
	deadline := time.NewTimer(l.Time)
	defer deadline.Stop()
	tick := time.NewTicker(pulse)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return "", ""
		case <-deadline.C:
			p.kill()
			return Timeout, fmt.Sprintf("it had not ended after %s", l.Time)
		case <-cancelled:
			p.kill()
			return Error, "cancelled"
		case <-p.output.flooded:
			p.kill()
			return Killed, fmt.Sprintf("it wrote more than %d bytes", l.Output)
		case <-tick.C:
			if used := memoryBelow(p.cmd.Process.Pid); used > l.Memory {
				p.kill()
				return Memory, fmt.Sprintf("its processes held %d MiB, more than %d", used>>20, l.Memory>>20)
			}
		}
	}
}

// memoryBelow is the resident memory of a process and of all that descend from it.
// The first process of a namespace adopts orphans, so none escapes.
func memoryBelow(pid int) int64 {
	total := int64(0)
	queue := []int{pid}
	for seen := 0; len(queue) > 0 && seen < 10_000; seen++ {
		pid, queue = queue[0], queue[1:]
		dir := "/proc/" + strconv.Itoa(pid)
		total += resident(dir)
		tasks, err := os.ReadDir(dir + "/task")
		if err != nil {
			continue // it has gone
		}
		for _, t := range tasks {
			b, err := os.ReadFile(dir + "/task/" + t.Name() + "/children") //nolint:gosec // a process of ours
			if err != nil {
				continue
			}
			for _, f := range bytes.Fields(b) {
				if child, err := strconv.Atoi(string(f)); err == nil {
					queue = append(queue, child)
				}
			}
		}
	}
	return total
}

// resident is the second field of statm, in pages.
func resident(dir string) int64 {
	b, err := os.ReadFile(dir + "/statm") //nolint:gosec // likewise
	if err != nil {
		return 0
	}
	f := bytes.Fields(b)
	if len(f) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(f[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
