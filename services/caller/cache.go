package caller

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/crucible-go/crucible/internal/answers"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// cache is where a run's answers are kept, nil if they are not.
func (c *caller) cache(s *experiment.Spec) answers.Store {
	switch {
	case c.Cache != "":
		return answers.Dir(c.Cache)
	case s.Cache:
		return answers.Log(c.Log)
	}
	return nil
}

// question is everything that shapes the answer to a call.
type question struct {
	Version  int              `json:"version"` // of this list
	Provider string           `json:"provider"`
	BaseURL  string           `json:"base_url"`
	HTTP     *experiment.HTTP `json:"http"`
	Command  []string         `json:"command"`
	Role     string           `json:"role"`
	Member   string           `json:"member"`
	Model    string           `json:"model"`
	Messages []events.Message `json:"messages"`
	Params   json.RawMessage  `json:"params"`
	Accept   []string         `json:"accept"`
	Seed     uint64           `json:"seed"`
	Repeat   int              `json:"repeat"`
	Ordinal  int              `json:"ordinal"`
}

// key is the hash of the call's question, "" if its answer is not kept: what was
// recorded or is simulated costs nothing.
func (c *call) key() string {
	if c.answers == nil || !bills(c.order.Provider) {
		return ""
	}
	o, r := c.order, c.request
	q := question{
		Version: 1, Provider: o.Provider, BaseURL: c.pool.BaseURL, HTTP: c.pool.HTTP, Command: c.pool.Command,
		Role: o.Role, Member: r.Member, Model: r.Model, Messages: o.Messages, Params: json.RawMessage(o.Params), Accept: o.Accept,
		Seed: o.Seed, Repeat: r.Repeat, Ordinal: o.Ordinal,
	}
	if len(q.Params) == 0 {
		q.Params = json.RawMessage("null")
	}
	b, err := json.Marshal(q)
	if err != nil {
		return "" // its parameters are not JSON: the provider refuses it
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// remembered is the terminal fact of a call that was answered before, nil if it
// was not. Nobody is asked: it costs nothing beyond what lost attempts may have
// cost, and has no latency.
func (c *call) remembered(ctx context.Context, key string) *events.CallCompleted {
	if key == "" {
		return nil
	}
	a, err := c.answers.Get(ctx, key)
	if err != nil {
		c.forgetful.Do(func() { c.Logger.Warn().Err(err).Msg("kept answers cannot be read: models are asked") })
	}
	if a == nil {
		return nil
	}
	d := c.terminal(events.CallAnswered)
	if d.Attempts == nil {
		d.Attempts = []events.Attempt{}
	}
	d.Answer, d.Served, d.Finish, d.Simulated, d.Cached = a.Text, a.Served, a.Finish, a.Simulated, true
	return d
}

// remember keeps an answer that the order's own model gave. What is no answer is
// never kept.
func (c *call) remember(ctx context.Context, key string, d *events.CallCompleted) {
	if key == "" || d.Outcome != events.CallAnswered || d.Failure != nil {
		return
	}
	for i := range d.Attempts {
		if a := &d.Attempts[i]; a.Outcome == events.CallAnswered && (a.Member != "" || a.Pool != "") {
			return // a backup's
		}
	}
	err := c.answers.Put(ctx, key, &answers.Answer{Text: d.Answer, Served: d.Served, Finish: d.Finish, Simulated: d.Simulated})
	if err != nil {
		c.forgetful.Do(func() { c.Logger.Warn().Err(err).Msg("answers cannot be kept: they are asked again") })
	}
}
