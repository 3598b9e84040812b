package chdb

import (
	"regexp"
	"strconv"
	"strings"
)

// Exception is an error that the engine reports.
type Exception struct {
	Code    int    // the engine's number, 0 if it gave none
	Message string // as the engine worded it
}

// Error is the engine's message.
func (e *Exception) Error() string { return e.Message }

func newException(msg string) *Exception {
	e := &Exception{Message: strings.TrimSpace(msg)}
	if m := exceptionCode.FindStringSubmatchIndex(e.Message); m != nil {
		e.Code, _ = strconv.Atoi(e.Message[m[2]:m[3]]) // digits by the expression; 0 when out of range
		e.Message = e.Message[m[0]:]
	}
	return e
}

var exceptionCode = regexp.MustCompile(`Code: (\d{1,9})\.`)
