// Package provider asks models: one small interface and its implementations.
//
//   - recorded answers from the order itself with what a model said once;
//   - simulated answers from the order's seed, with a stated accuracy, error
//     rate and latency;
//   - exec asks a program of the user's that speaks JSON lines;
//   - openai asks any server that speaks the chat completions protocol.
//
// A provider makes one attempt. It does not retry, does not hedge, does not
// wait for permits and does not measure what its caller measures: those belong
// to the caller, which also sets the deadline by the context. Every error that
// Ask returns is an *Error, whose class says what happened and whose message is
// safe to store: bounded, valid UTF-8, free of keys.
//
// # What counts as an answer
//
// Whatever text arrived is an answer, so that nothing the model said drops out
// of the denominator of its accuracy: a text cut off at the token limit (Finish
// "length"), a refusal (Finish "refusal"), the remains of a filtered text
// (Finish "content_filter"). Only where no text arrived there is an Error.
//
// Bytes that are not UTF-8 do not fail a call: every run of them is replaced by
// one U+FFFD and Reply.Repaired says so.
//
// # The protocol of exec
//
// The program is started once per concurrent call and stays. It reads one JSON
// object per line on standard input:
//
//	{"id":"7","model":"mine","messages":[{"role":"user","content":"2+2?"}],"params":{"temperature":0},"seed":1234}
//
// and writes one JSON object per line on standard output, with the same id:
//
//	{"id":"7","text":"4","usage":{"input":9,"output":1}}
//	{"id":"8","error":"no such model"}
//	{"id":"9","error":{"message":"busy","class":"rate_limited","retryable":true}}
//
// It must flush after every line, may write anything to standard error (the last
// lines become the message when it dies), and ends when its input ends. seed is
// below 2^53, so every language reads it exactly; params is {} where the order
// has none. The optional keys of a reply are usage, finish and model (the name
// of what really answered). A program that dies, writes something else, or a
// line longer than the limit fails the call under way and is started anew for
// the next one. A call that is cancelled or out of time kills the program and
// every process of its group.
//
// Its environment is empty but for PATH, HOME, LANG, LC_ALL, LC_CTYPE, TMPDIR,
// TZ and the variable that the pool names as its key.
package provider
