package trace

import (
	"strconv"
)

// Check reports ids that are given twice, references to events that are not
// there, and events that depend on themselves.
func (c *Chain) Check() []Report {
	var rs []Report
	index := make(map[string]int, len(c.Events))
	for i := range c.Events {
		e := &c.Events[i]
		if _, twice := index[e.ID]; twice {
			rs = append(rs, Report{DuplicateID, e.Start, e.End, "id " + strconv.Quote(e.ID) + " is taken; references mean the first"})
			continue
		}
		index[e.ID] = i
	}
	for i := range c.Events {
		e := &c.Events[i]
		for _, ref := range e.refs() {
			if _, ok := index[ref]; !ok {
				rs = append(rs, Report{DanglingRef, e.Start, e.End, "there is no event " + strconv.Quote(ref)})
			}
		}
	}
	for _, i := range c.cycles(index) {
		e := &c.Events[i]
		rs = append(rs, Report{Cycle, e.Start, e.End, "event " + strconv.Quote(e.ID) + " comes back to itself"})
	}
	return rs
}

// refs are the ids an event refers to.
func (e *Event) refs() []string {
	if e.Parent == "" {
		return e.DependsOn
	}
	return append([]string{e.Parent}, e.DependsOn...)
}

// cycles returns the events at which a walk along the references closes a
// circle. It keeps its own stack: chains may be long.
func (c *Chain) cycles(index map[string]int) []int {
	const (
		fresh = iota
		open
		over
	)
	state := make([]byte, len(c.Events))
	var closing []int
	type step struct {
		event int
		refs  []string
	}
	for root := range c.Events {
		if state[root] != fresh || len(c.Events[root].DependsOn) == 0 && c.Events[root].Parent == "" {
			continue
		}
		state[root] = open
		walk := []step{{root, c.Events[root].refs()}}
		for len(walk) > 0 {
			top := &walk[len(walk)-1]
			if len(top.refs) == 0 {
				state[top.event] = over
				walk = walk[:len(walk)-1]
				continue
			}
			next, ok := index[top.refs[0]]
			top.refs = top.refs[1:]
			switch {
			case !ok:
			case state[next] == open:
				closing = append(closing, top.event)
			case state[next] == fresh:
				state[next] = open
				walk = append(walk, step{next, c.Events[next].refs()})
			}
		}
	}
	return closing
}
