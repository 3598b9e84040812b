package bus

import (
	"errors"
	"fmt"
	"time"
)

// The errors that callers branch on.
var (
	// ErrNoStream says that the stream does not exist: the run was never planned,
	// or it was archived.
	ErrNoStream = errors.New("no such stream")
	// ErrNoConsumer says that a durable consumer does not exist.
	ErrNoConsumer = errors.New("no such consumer")
	// ErrFull says that the stream or the server's storage is full and that the
	// fact was not stored. Nothing that is in the log is ever discarded for it.
	ErrFull = errors.New("log is full")
	// ErrTooLarge says that a payload exceeds what the server takes.
	ErrTooLarge = errors.New("payload too large")
	// ErrIdentity says that the log knows a fact's id under another subject.
	ErrIdentity = errors.New("event id is known on another subject")
	// ErrClosed says that the bus was closed, or that its connection is gone for
	// good.
	ErrClosed = errors.New("bus is closed")
	// ErrGap says that a stream lacks a message in its middle: the log is damaged.
	ErrGap = errors.New("stream is damaged")
	// ErrLocked says that another process owns the data folder.
	ErrLocked = errors.New("data folder is in use")
	// ErrSettings says that an existing stream could lose data as it is set up.
	ErrSettings = errors.New("unsafe stream settings")
	// ErrNoObject says that no object has this hash.
	ErrNoObject = errors.New("no such object")
	// ErrDamaged says that the content of an object does not have its hash.
	ErrDamaged = errors.New("object is damaged")
	// ErrVersion says that the server is too old.
	ErrVersion = errors.New("server is too old")
)

type malformedError struct{ err error }

func (e *malformedError) Error() string { return "malformed: " + e.err.Error() }
func (e *malformedError) Unwrap() error { return e.err }

// Malformed marks the error of a handler that no later attempt will get over:
// the message is delivered until MaxDeliver all the same, since the fault may be
// the reader's, and then leaves one dead letter. Malformed(nil) is nil.
func Malformed(err error) error {
	if err == nil {
		return nil
	}
	return &malformedError{err}
}

// IsMalformed reports whether err is or wraps an error marked by Malformed.
func IsMalformed(err error) bool {
	var m *malformedError
	return errors.As(err, &m)
}

type retryError struct {
	after time.Duration
	err   error
}

func (e *retryError) Error() string { return fmt.Sprintf("retry after %v: %v", e.after, e.err) }
func (e *retryError) Unwrap() error { return e.err }

// RetryAfter marks the error of a handler that wants the message again after d,
// as often as it takes: such deliveries never lead to a dead letter.
// RetryAfter(d, nil) is nil.
func RetryAfter(d time.Duration, err error) error {
	if err == nil {
		return nil
	}
	return &retryError{d, err}
}
