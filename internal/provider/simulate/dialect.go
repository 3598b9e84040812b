package simulate

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// dialect is a protocol.
type dialect interface {
	// key is the key that a request carries.
	key(r *http.Request) string
	// read reads a request.
	read(r *http.Request, body []byte) (*request, error)
	// whole is an answer in one piece, and its status.
	whole(c *completion) (status int, body any)
	// begin, piece and end are the events of a stream: before the first piece of
	// the text, each piece, and after the last.
	begin(c *completion) []event
	piece(c *completion, i int, text string) event
	end(c *completion, q *request) []event
	// problem is a failure.
	problem(p problem) (status int, body any)
	// limits says in headers what is left of limits.
	limits(h http.Header, l levels, now time.Time)
}

// event is one of a stream. A data that is a string is sent as it stands.
type event struct {
	name string
	data any
}

// problem is why there is no answer.
type problem struct {
	status  int
	code    string // as OpenAI has it
	message string
	wait    time.Duration
}

// The problems that requests have of their own.
func unauthorized() problem {
	return problem{http.StatusUnauthorized, "invalid_api_key", "the key is missing or wrong", 0}
}

func invalid(message string) problem {
	return problem{http.StatusBadRequest, "invalid_json", strings.ToValidUTF8(message, "\uFFFD"), 0}
}

func unknownModel(name string) problem {
	return problem{http.StatusNotFound, "model_not_found",
		strings.ToValidUTF8("the model "+strconv.Quote(name)+" is not simulated here", "\uFFFD"), 0}
}

// left writes the headers of a level in the form of OpenAI.
func left(h http.Header, unit string, l level) {
	if l.limit == 0 {
		return
	}
	h.Set("X-Ratelimit-Limit-"+unit, strconv.Itoa(l.limit))
	h.Set("X-Ratelimit-Remaining-"+unit, strconv.FormatInt(l.remaining, 10))
	h.Set("X-Ratelimit-Reset-"+unit, l.reset.Round(time.Millisecond).String())
}

// retryAfter writes how long to wait: in whole seconds, as the standard wants it.
func retryAfter(h http.Header, wait time.Duration) {
	if wait > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "encode", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Content-Length"] = []string{strconv.Itoa(len(b) + 1)}
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // a client that has gone notices itself
}

var jsonType = []string{"application/json"} // never written to
