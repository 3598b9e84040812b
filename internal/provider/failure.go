package provider

import (
	"context"
	"errors"
)

// ended is the failure of an attempt whose context is done.
func ended(ctx context.Context, billed string) *Error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Error{Class: ClassTimeout, Message: "no answer before the deadline", Retryable: true, Billed: billed}
	}
	return &Error{Class: ClassCancelled, Message: "no longer wanted", Billed: billed}
}

func unprocessable(message string) *Error {
	return &Error{Class: ClassUnprocessable, Message: message, Billed: BilledNo}
}
