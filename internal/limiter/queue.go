package limiter

import "github.com/crucible-go/crucible/internal/provider"

// waiter is a call that waits; done is closed once it has a permit or a failure.
type waiter struct {
	tokens        int
	next          bool // goes before those that are not
	done          chan struct{}
	permit        *Permit
	failure       *provider.Error
	before, after *waiter
}

// queue holds the waiters in the order of their arrival, those that go before others
// first.
type queue struct {
	head, tail *waiter
	last       *waiter // of those that go before others
	n          int
}

func (q *queue) push(w *waiter) {
	w.before = q.tail
	if w.next {
		w.before = q.last
		q.last = w
	}
	if w.before == nil {
		w.after, q.head = q.head, w
	} else {
		w.after, w.before.after = w.before.after, w
	}
	if w.after == nil {
		q.tail = w
	} else {
		w.after.before = w
	}
	q.n++
}

func (q *queue) remove(w *waiter) {
	if q.last == w {
		q.last = w.before // those before it go before others too
	}
	if w.before == nil {
		q.head = w.after
	} else {
		w.before.after = w.after
	}
	if w.after == nil {
		q.tail = w.before
	} else {
		w.after.before = w.before
	}
	w.before, w.after = nil, nil
	q.n--
}
