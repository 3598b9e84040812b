package limiter

import "github.com/crucible-go/crucible/internal/provider"

// waiter is a call that waits; done is closed once it has a permit or a failure.
type waiter struct {
	tokens     int
	done       chan struct{}
	permit     *Permit
	failure    *provider.Error
	prev, next *waiter
}

// queue holds the waiters in the order of their arrival.
type queue struct {
	head, tail *waiter
	n          int
}

func (q *queue) push(w *waiter) {
	w.prev = q.tail
	if q.tail == nil {
		q.head = w
	} else {
		q.tail.next = w
	}
	q.tail = w
	q.n++
}

func (q *queue) remove(w *waiter) {
	if w.prev == nil {
		q.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		q.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.prev, w.next = nil, nil
	q.n--
}
