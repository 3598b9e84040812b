package provider

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// statusError is the failure that an error response reports.
func (o *OpenAI) statusError(res *http.Response) *Error {
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorBody)) // what arrived is enough
	_ = res.Body.Close()
	p := readProblem(body)
	e := &Error{Status: res.StatusCode, RequestID: o.requestID(res), Billed: BilledNo, Simulated: res.Header.Get(HeaderSimulated) != ""}
	e.Class, e.Retryable = classOf(res.StatusCode, p)
	if e.Class == ClassServerError || e.Class == ClassTimeout {
		e.Billed = BilledPossibly
	}
	e.Rate = rateInfo(res.Header, o.now())
	e.RetryAfter = e.Rate.RetryAfter
	e.Message = o.scrub.message("HTTP " + strconv.Itoa(res.StatusCode) + ": " + p.text())
	return e
}

// classOf maps a status of HTTP, refined by the code in the body, to a class and
// whether another attempt may succeed.
func classOf(status int, p problem) (class string, retryable bool) {
	switch {
	case p.is("content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"):
		return ClassContentFilter, false
	case status == http.StatusTooManyRequests:
		return ClassRateLimited, !p.is("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusPaymentRequired:
		return ClassAuth, false
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

// problem is what the body of an error response says.
type problem struct {
	message, kind, code string
	raw                 string
}

func (p problem) is(codes ...string) bool {
	for _, c := range codes {
		if p.code == c || p.kind == c {
			return true
		}
	}
	return false
}

// status is the code where it is a status of HTTP.
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

// readProblem reads the forms in use: {"error": {"message", "type", "code"}},
// {"error": "text"}, {"message": "text"} and {"detail": …}.
func readProblem(body []byte) problem {
	p := problem{raw: string(body)}
	var outer struct {
		Error   json.RawMessage `json:"error"`
		Message json.RawMessage `json:"message"`
		Detail  json.RawMessage `json:"detail"`
	}
	if json.Unmarshal(body, &outer) != nil {
		return p
	}
	var inner struct {
		Message json.RawMessage `json:"message"`
		Type    json.RawMessage `json:"type"`
		Code    json.RawMessage `json:"code"`
	}
	if json.Unmarshal(outer.Error, &inner) == nil {
		p.message, p.kind, p.code = word(inner.Message), word(inner.Type), word(inner.Code)
		return p
	}
	for _, raw := range []json.RawMessage{outer.Error, outer.Message, outer.Detail} {
		if p.message = word(raw); p.message != "" {
			return p
		}
	}
	return p
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
