package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/crucible-go/crucible/internal/app"
)

// isTerminal reports whether somebody watches the writer.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// progressView shows how far a run is: on a terminal one line that is written
// over, elsewhere plain lines, and only when something has changed.
type progressView struct {
	c        *cli
	terminal bool
	last     string
}

func (c *cli) progressView() *progressView {
	return &progressView{c: c, terminal: isTerminal(c.Err)}
}

// interval is how often to show.
func (v *progressView) interval() time.Duration {
	if v.terminal {
		return 200 * time.Millisecond
	}
	return 5 * time.Second
}

func (v *progressView) show(p app.Progress) {
	line := v.line(p)
	if line == v.last {
		return
	}
	v.last = line
	if v.terminal {
		_, _ = fmt.Fprintf(v.c.Err, "\r\x1b[K%s", cut(line, width(v.c.Err)-1))
		return
	}
	_, _ = fmt.Fprintln(v.c.Err, line)
}

// width is the number of columns of a terminal.
func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 1 {
			return n
		}
	}
	return 80
}

// cut shortens a line that would wrap: only one line can be written over.
func cut(line string, most int) string {
	if r := []rune(line); len(r) > most {
		return string(r[:most])
	}
	return line
}

// done leaves the last line standing.
func (v *progressView) done() {
	if v.terminal && v.last != "" {
		_, _ = fmt.Fprintln(v.c.Err)
	}
}

func (v *progressView) line(p app.Progress) string {
	if p.Total == 0 {
		return fmt.Sprintf("%s %s", p.Run, p.State)
	}
	var b strings.Builder
	now := time.Now()
	fmt.Fprintf(&b, "%s %s %d/%d queries", p.Name, p.State, p.Done, p.Total)
	if p.State == app.StateRunning {
		fmt.Fprintf(&b, ", %.0f/s", p.Rate(now))
		if eta, ok := p.ETA(now); ok {
			fmt.Fprintf(&b, ", %s left", eta)
		}
	}
	fmt.Fprintf(&b, ", $%s", p.CostUSD())
	if p.Unpriced {
		b.WriteString(" plus unknown costs")
	}
	if p.Failed > 0 {
		fmt.Fprintf(&b, ", %d failed", p.Failed)
	}
	if p.Invalid > 0 {
		fmt.Fprintf(&b, ", %d invalid", p.Invalid)
	}
	return b.String()
}
