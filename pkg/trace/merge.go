package trace

import (
	"errors"
	"strconv"
)

// ErrVersion is returned for a chain of a version this package does not know.
var ErrVersion = errors.New("trace: chain of another version")

// Merge joins chains, one after the other. Ids that more than one of them has
// get the number of their chain in front ("2:a"), references with them.
func Merge(chains ...Chain) (Chain, error) {
	out := Chain{Version: Version, Events: []Event{}}
	owners := map[string]int{}
	for n := range chains {
		if v := chains[n].Version; v != Version && v != 0 {
			return Chain{}, ErrVersion
		}
		own := map[string]bool{}
		for i := range chains[n].Events {
			own[chains[n].Events[i].ID] = true
		}
		for id := range own {
			owners[id]++
		}
	}
	for n := range chains {
		out.join(&chains[n], n+1, owners)
	}
	return out, nil
}

// join adds the events and metadata of the n-th of several chains.
func (c *Chain) join(o *Chain, n int, owners map[string]int) {
	prefix := strconv.Itoa(n) + ":"
	rename := func(id string) string {
		if owners[id] > 1 {
			return prefix + id
		}
		return id
	}
	own := map[string]bool{}
	for i := range o.Events {
		own[o.Events[i].ID] = true
	}
	for i := range o.Events {
		e := o.Events[i]
		e.ID = rename(e.ID)
		if own[e.Parent] {
			e.Parent = rename(e.Parent)
		}
		var deps []string
		for _, d := range e.DependsOn {
			if own[d] {
				d = rename(d)
			}
			deps = append(deps, d)
		}
		e.DependsOn = deps
		c.Events = append(c.Events, e)
	}
	for k, v := range o.Metadata {
		if c.Metadata == nil {
			c.Metadata = map[string]string{}
		}
		if _, taken := c.Metadata[k]; taken {
			k = prefix + k
		}
		c.Metadata[k] = v
	}
	if c.ID == "" && c.Name == "" {
		c.ID, c.Name = o.ID, o.Name
	}
}
