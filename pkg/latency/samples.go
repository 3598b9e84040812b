package latency

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// LineError is a line of a file of samples that holds no latency.
type LineError struct {
	Line int
	Text string
}

// Error implements error.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %q is no latency", e.Line, e.Text) }

// ReadSamples reads milliseconds, one a line, above 0 and up to a day; empty lines
// and what follows a # do not count. A line that holds something else is a
// *LineError.
func ReadSamples(r io.Reader) ([]time.Duration, error) {
	var measured []time.Duration
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		ms, err := strconv.ParseFloat(text, 64)
		if err != nil || !(ms > 0 && ms <= 86_400_000) {
			return nil, &LineError{n, text}
		}
		measured = append(measured, time.Duration(ms*1e6))
	}
	return measured, lines.Err()
}
