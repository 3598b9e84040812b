package events

// DeadLetter is a message that could not be processed.
//
//easyjson:json
type DeadLetter struct {
	// Service is the service that gave up.
	Service string `json:"service,nocopy"`
	// Subject is the subject of the message.
	Subject string `json:"subject,nocopy"`
	// Stream is the stream that holds the message, absent for the run's own.
	Stream string `json:"stream,omitempty,nocopy"`
	// Sequence is the position of the message in its stream.
	Sequence uint64 `json:"sequence"`
	// Deliveries is how often the message was tried.
	Deliveries uint64 `json:"deliveries"`
	// Error is the last error.
	Error string `json:"error,nocopy"`
	// SHA256 is the hash of the message's payload, in hexadecimal.
	SHA256 string `json:"sha256,nocopy"`
}

// Kind implements Data.
func (*DeadLetter) Kind() Kind { return KindDeadLetter }
