package provider

// The classes of failures.
const (
	ClassNoRecordedAnswer = "no_recorded_answer"
	ClassTimeout          = "timeout"
	ClassCancelled        = "cancelled"
	ClassConnection       = "connection"
	ClassDNS              = "dns"
	ClassTLS              = "tls"
	ClassRateLimited      = "rate_limited"
	ClassQuota            = "quota"
	ClassServerError      = "server_error"
	ClassAuth             = "auth"
	ClassNotFound         = "not_found"
	ClassInvalidRequest   = "invalid_request"
	ClassContextTooLong   = "context_too_long"
	ClassRefusal          = "refusal"
	ClassTruncated        = "truncated"
	ClassContentFilter    = "content_filter"
	ClassEmptyReply       = "empty_reply"
	ClassTooLarge         = "too_large"
	ClassMalformedReply   = "malformed_reply"
	ClassPartialReply     = "partial_reply"
	ClassInvalidUTF8      = "invalid_utf8"
	ClassRedirect         = "redirect"
	ClassExecFailed       = "exec_failed"
	ClassSimulatedError   = "simulated_error"
	ClassUnprocessable    = "unprocessable"
)

// Whether a failed attempt was charged.
const (
	BilledNo       = "no"       // it never left, or was turned away
	BilledPossibly = "possibly" // nobody can tell
	BilledYes      = "yes"      // the provider said what it used
)

// ClassInfo says what a class of failures means for whoever makes the calls.
type ClassInfo struct {
	Class   string
	Meaning string
	// Retryable is yes, no or sometimes: another attempt may succeed. Each
	// Error says it of itself.
	Retryable string
	// Billed is what is known of the charge where the reply reports no usage;
	// one that does is billed.
	Billed string
	// Breaker says that the failure counts against the health of a pool: several
	// of them in a row open its circuit breaker.
	Breaker bool
	// StopsPool says that no other call of the pool can succeed either: one such
	// failure is enough to stop asking.
	StopsPool bool
}

// Classes is the one table of the classes, in the order of a call's life.
func Classes() []ClassInfo {
	return []ClassInfo{
		{Class: ClassUnprocessable, Meaning: "the order makes no sense to this provider; nothing was sent", Retryable: "no", Billed: BilledNo},
		{Class: ClassNoRecordedAnswer, Meaning: "the data set has no recorded answer for this item", Retryable: "no", Billed: BilledNo},
		{Class: ClassDNS, Meaning: "the name of the host is not known, or nobody could be asked", Retryable: "sometimes", Billed: BilledNo, Breaker: true},
		{Class: ClassConnection, Meaning: "refused, reset or broken off before a reply began", Retryable: "yes", Billed: BilledPossibly, Breaker: true},
		{Class: ClassTLS, Meaning: "no secure connection: an untrusted or expired certificate, another host's, or no TLS at all", Retryable: "no", Billed: BilledNo, Breaker: true},
		{Class: ClassRedirect, Meaning: "a redirect that would take the key to another host, or change the request; not followed", Retryable: "no", Billed: BilledNo, Breaker: true},
		{Class: ClassTimeout, Meaning: "the deadline passed, ours or the provider's", Retryable: "yes", Billed: BilledPossibly, Breaker: true},
		{Class: ClassCancelled, Meaning: "no longer wanted: another attempt won, or the run was cancelled", Retryable: "no", Billed: BilledPossibly},
		{Class: ClassAuth, Meaning: "the key is missing, wrong or without the right (401, 403)", Retryable: "no", Billed: BilledNo, StopsPool: true},
		{Class: ClassQuota, Meaning: "no money or quota left (402, 429 with insufficient_quota)", Retryable: "no", Billed: BilledNo, StopsPool: true},
		{Class: ClassRateLimited, Meaning: "too many requests or tokens: 429, or its text in a reply with status 200", Retryable: "yes", Billed: BilledNo},
		{Class: ClassNotFound, Meaning: "no such address or model (404): the base URL or the model's name is wrong", Retryable: "no", Billed: BilledNo},
		{Class: ClassContextTooLong, Meaning: "the prompt is longer than the model can read", Retryable: "no", Billed: BilledNo},
		{Class: ClassInvalidRequest, Meaning: "the provider does not accept the order (other 4xx)", Retryable: "no", Billed: BilledNo},
		{Class: ClassServerError, Meaning: "5xx, overloaded, and failures that a gateway reports", Retryable: "sometimes", Billed: BilledPossibly, Breaker: true},
		{Class: ClassMalformedReply, Meaning: "a reply that is not what the protocol says", Retryable: "yes", Billed: BilledPossibly, Breaker: true},
		{Class: ClassTooLarge, Meaning: "a reply above the limit of 8 MiB", Retryable: "no", Billed: BilledPossibly},
		{Class: ClassPartialReply, Meaning: "a reply that broke off: half a stream, or less than was announced", Retryable: "yes", Billed: BilledPossibly, Breaker: true},
		{Class: ClassInvalidUTF8, Meaning: "a text that is not UTF-8; it is kept, repaired", Retryable: "no", Billed: BilledPossibly},
		{Class: ClassEmptyReply, Meaning: "a reply without a text", Retryable: "yes", Billed: BilledPossibly},
		{Class: ClassRefusal, Meaning: "the model declines to answer", Retryable: "no", Billed: BilledPossibly},
		{Class: ClassTruncated, Meaning: "a text cut off at the limit of tokens", Retryable: "no", Billed: BilledPossibly},
		{Class: ClassContentFilter, Meaning: "the provider's filter stopped the prompt or the text", Retryable: "no", Billed: BilledPossibly},
		{Class: ClassExecFailed, Meaning: "the program could not be started, died or said so", Retryable: "sometimes", Billed: BilledPossibly, Breaker: true},
		{Class: ClassSimulatedError, Meaning: "the simulation's error rate", Retryable: "yes", Billed: BilledNo},
	}
}

// ClassOf returns what a class means; false for one that is not in the table.
func ClassOf(class string) (ClassInfo, bool) {
	for _, c := range Classes() {
		if c.Class == class {
			return c, true
		}
	}
	return ClassInfo{Class: class}, false
}

// acceptable lists the classes of replies with a text that a spec may take for
// answers all the same.
func acceptable(class string) bool {
	return class == ClassRefusal || class == ClassTruncated || class == ClassContentFilter
}
