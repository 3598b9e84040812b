package provider

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// statusError is the failure that an error response reports.
func (c *client) statusError(ctx context.Context, r *Request, trip *roundTrip) *Error {
	res := trip.res
	body, err := io.ReadAll(io.LimitReader(res.Body, maxErrorBody))
	if err != nil && ctx.Err() != nil {
		return trip.measure(ended(ctx, trip.billed()))
	}
	p := readProblem(body) // of what arrived
	e := &Error{
		Status: res.StatusCode, RequestID: c.requestID(res.Header), Billed: BilledNo,
		Simulated: res.Header.Get(HeaderSimulated) != "", Rate: rateInfo(res.Header, c.now()),
	}
	e.Class, e.Retryable = classify(res.StatusCode, p)
	if e.Class == ClassServerError || e.Class == ClassTimeout {
		e.Billed = BilledPossibly
	}
	if e.Rate.RetryAfter == 0 {
		e.Rate.RetryAfter = p.retryAfter
	}
	if e.RequestID == "" {
		e.RequestID = clip(c.scrub.message(p.id), 200)
	}
	e.RetryAfter = e.Rate.RetryAfter
	e.Message = c.scrub.message("HTTP " + strconv.Itoa(res.StatusCode) + ": " + p.text() + c.hint(e.Class, r, trip))
	return trip.measure(e)
}

// hint says what to look at, where the failure is likely one of the
// configuration.
func (c *client) hint(class string, r *Request, trip *roundTrip) string {
	switch {
	case class == ClassNotFound && trip.url != nil:
		return " [asked " + trip.url.Scheme + "://" + trip.url.Host + trip.url.Path + " for the model " + strconv.Quote(clip(r.Model, 200)) + ": check base_url and the model's name]"
	case class == ClassAuth && c.keyFrom != "":
		return " [check the key in " + c.keyFrom + "]"
	}
	return ""
}

// classify maps a status of HTTP, 0 for none, refined by what the body says, to
// a class and whether another attempt may succeed. The class is empty where
// neither says anything.
func classify(status int, p problem) (class string, retryable bool) {
	if class, retryable = p.class(status); class != "" {
		return class, retryable
	}
	switch {
	case status == 0:
		return "", false
	case status == http.StatusTooManyRequests:
		return ClassRateLimited, true
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusProxyAuthRequired:
		return ClassAuth, false
	case status == http.StatusPaymentRequired:
		return ClassQuota, false
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == http.StatusGone:
		return ClassNotFound, false
	case status == http.StatusRequestEntityTooLarge:
		return ClassContextTooLong, false
	case status == http.StatusRequestTimeout:
		return ClassTimeout, true
	case status == http.StatusConflict, status == http.StatusTooEarly:
		return ClassServerError, true
	case status >= 500:
		return ClassServerError, status != http.StatusNotImplemented
	case status >= 400:
		return ClassInvalidRequest, false
	}
	return ClassMalformedReply, false
}

// tooLong is how servers say that a prompt is too long.
var tooLong = regexp.MustCompile(`(?i)maximum context length|context (?:window|length|size)[^.]{0,80}exceed|exceeds?[^.]{0,80}context (?:window|length|size)|prompt is too long|input token count[^.]{0,80}exceeds|too many input tokens`)

// class is what the words of a problem say, "" for nothing. They are more exact
// than the status: gateways answer 200 or 500 for all kinds of things.
func (p problem) class(status int) (class string, retryable bool) {
	lower := strings.ToLower(p.message)
	switch {
	case p.is("content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"):
		return ClassContentFilter, false
	case p.is("context_length_exceeded", "string_above_max_length", "exceed_context_size_error", "request_too_large"),
		status != http.StatusTooManyRequests && tooLong.MatchString(p.message):
		return ClassContextTooLong, false
	case p.is("insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "billing_error", "insufficient_credits"),
		strings.Contains(lower, "credit balance is too low"):
		return ClassQuota, false
	case p.is("invalid_api_key", "authentication_error", "permission_error", "UNAUTHENTICATED", "PERMISSION_DENIED", "API_KEY_INVALID", "API_KEY_EXPIRED"):
		return ClassAuth, false
	case p.is("rate_limit_exceeded", "rate_limit_error", "RESOURCE_EXHAUSTED", "too_many_requests", "tokens_exceeded", "requests_exceeded"):
		return ClassRateLimited, true
	case p.is("model_not_found", "not_found_error", "NOT_FOUND"):
		return ClassNotFound, false
	case p.is("overloaded_error", "api_error", "server_error", "internal_server_error", "UNAVAILABLE", "INTERNAL", "timeout_error", "DEADLINE_EXCEEDED"):
		return ClassServerError, true
	case status == 0 && p.is("invalid_request_error", "INVALID_ARGUMENT", "FAILED_PRECONDITION"):
		return ClassInvalidRequest, false
	}
	return "", false
}

// problem is what the body of an error response says.
type problem struct {
	message, kind, code string
	reasons             []string // further words, of details
	id                  string   // of the request
	retryAfter          time.Duration
	raw                 string
}

func (p problem) is(codes ...string) bool {
	return slices.ContainsFunc(codes, func(c string) bool { return p.code == c || p.kind == c || slices.Contains(p.reasons, c) })
}

// status is the code where it is a status of HTTP, 0 elsewhere.
func (p problem) status() int {
	if n, err := strconv.Atoi(p.code); err == nil && n >= 400 && n < 600 {
		return n
	}
	return 0
}

func (p problem) text() string {
	parts := make([]string, 0, 3)
	for _, s := range []string{p.message, p.kind, p.code} {
		if s != "" && (len(parts) == 0 || s != parts[len(parts)-1]) {
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 {
		return strings.TrimSpace(clip(strings.ToValidUTF8(p.raw, "\uFFFD"), 300))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return parts[0] + " (" + strings.Join(parts[1:], ", ") + ")"
}

type problemBody struct {
	Message json.RawMessage `json:"message"`
	Type    json.RawMessage `json:"type"`
	Status  json.RawMessage `json:"status"`
	Code    json.RawMessage `json:"code"`
	Details []struct {
		Reason     string `json:"reason"`
		RetryDelay string `json:"retryDelay"`
	} `json:"details"`
}

// readProblem reads the forms in use: {"error": {"message", "type" or "status",
// "code", "details"}}, {"error": "text"}, {"message": "text"}, {"detail": …},
// and a list of one of them.
func readProblem(body []byte) problem {
	p := problem{raw: string(body)}
	var list []json.RawMessage
	if json.Unmarshal(body, &list) == nil && len(list) > 0 {
		body = list[0]
	}
	var outer struct {
		Error     json.RawMessage `json:"error"`
		Message   json.RawMessage `json:"message"`
		Detail    json.RawMessage `json:"detail"`
		RequestID json.RawMessage `json:"request_id"`
	}
	if json.Unmarshal(body, &outer) != nil {
		return p
	}
	p.id = word(outer.RequestID)
	if p.read(outer.Error) {
		return p
	}
	for _, raw := range []json.RawMessage{outer.Error, outer.Message, outer.Detail} {
		if p.message = word(raw); p.message != "" {
			return p
		}
	}
	return p
}

// read reads the object of an error; false if it is none.
func (p *problem) read(raw json.RawMessage) bool {
	var b problemBody
	err := json.Unmarshal(raw, &b)
	var odd *json.UnmarshalTypeError
	if err != nil && (!errors.As(err, &odd) || odd.Field == "") {
		return false
	}
	p.message, p.kind, p.code = word(b.Message), word(b.Type), word(b.Code)
	if p.kind == "" {
		p.kind = word(b.Status)
	}
	for _, d := range b.Details {
		if d.Reason != "" {
			p.reasons = append(p.reasons, d.Reason)
		}
		if wait, err := time.ParseDuration(d.RetryDelay); err == nil {
			p.retryAfter = bounded(wait)
		}
	}
	return true
}

// word is a JSON string as its text, and anything else as it stands.
func word(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if string(raw) == "null" {
		return ""
	}
	return string(raw)
}
