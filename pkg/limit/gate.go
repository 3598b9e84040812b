package limit

import "time"

// The modes of a Gate.
const (
	// Fresh is a pool of which nobody knows whether it answers: one request goes
	// ahead, so that a wrong key is used once and not by a thousand calls.
	Fresh = "fresh"
	// Closed is a pool that answers; the word is that of circuit breakers.
	Closed = "closed"
	// Open is a pool that has failed again and again: nobody asks for a while.
	Open = "open"
	// Half is an open pool that one probe asks.
	Half = "half_open"
	// Stopped is a pool that has refused us: the key, or the account.
	Stopped = "stopped"
)

const (
	// Failures in a row open the gate.
	Failures = 5
	// Cooling is how long an open gate lets nobody through.
	Cooling = 30 * time.Second
	// Stopping is how long a stopped pool stays so before it is tried again.
	Stopping = time.Minute
	// Ahead is how long the others wait for the first request of a fresh pool.
	Ahead = 250 * time.Millisecond
)

// Gate is the circuit breaker of a pool.
type Gate struct {
	Mode   string        `json:"mode"`
	Proven bool          `json:"proven,omitempty"` // it has answered at some time
	Left   time.Duration `json:"left_ns,omitempty"`
	Since  time.Duration `json:"since_ns,omitempty"` // since it was closed last
	Probe  string        `json:"probe,omitempty"`    // the member that asks
	// By is the member that stopped the pool, Class and Message what the provider
	// said.
	By      string `json:"by,omitempty"`
	Class   string `json:"class,omitempty"`
	Message string `json:"message,omitempty"`
}

func (g *Gate) advance(d time.Duration) {
	if g.Mode == Closed {
		return
	}
	g.Left = max(0, g.Left-d)
	g.Since = addTime(g.Since, d)
	if g.Mode == Fresh && g.Probe != "" && g.Left == 0 {
		*g = Gate{Mode: Closed, Proven: g.Proven}
	}
}

// MayProbe reports whether a member may ask, alone, to see whether the pool
// answers.
func (g *Gate) MayProbe() bool {
	return g.Mode != Closed && g.Left == 0 && g.Probe == ""
}

// Begin lets a member probe.
func (g *Gate) Begin(id string) {
	if !g.MayProbe() {
		return
	}
	g.Probe = id
	switch g.Mode {
	case Open:
		g.Mode = Half
	case Stopped:
		*g = Gate{Mode: Fresh, Proven: g.Proven, Probe: id, Left: Ahead}
	default:
		g.Left = Ahead
	}
}

// Answered says that the pool has answered a request.
func (g *Gate) Answered() {
	if g.Mode == Fresh || g.Mode == Half || !g.Proven && g.Mode == Closed {
		*g = Gate{Mode: Closed, Proven: true}
	}
}

// Tried says that the pool was asked and did not answer, nor refuse us: the
// others need not wait for the first request any more.
func (g *Gate) Tried() {
	if g.Mode == Fresh {
		*g = Gate{Mode: Closed, Proven: g.Proven}
	}
}

// Trip opens the gate, for what the provider or the way to it said last.
func (g *Gate) Trip(class, message string) {
	if g.Mode == Stopped || g.Mode == Open {
		return
	}
	*g = Gate{Mode: Open, Proven: g.Proven, Left: Cooling, Since: g.Since, Class: class, Message: message}
}

// Stop stops the pool, by what a member was told.
func (g *Gate) Stop(by, class, message string) {
	if g.Mode != Stopped {
		*g = Gate{Mode: Stopped, Proven: g.Proven, Left: Stopping, By: by, Class: class, Message: message}
	}
}

// Abandon says that a member's probe found nothing out.
func (g *Gate) Abandon(id string) {
	if g.Probe != id {
		return
	}
	g.Probe, g.Left = "", 0
	if g.Mode == Half {
		g.Mode = Open
	}
}

// leave forgets what hangs on a member that is gone: its probe, and what its key
// has stopped.
func (g *Gate) leave(id string) {
	g.Abandon(id)
	if g.Mode == Stopped && g.By == id {
		*g = Gate{Mode: Fresh, Proven: g.Proven}
	}
}
