package bus

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// traceparent is the W3C form of the span that ctx is in, "" if it is in none.
func traceparent(ctx context.Context) string {
	s := trace.SpanContextFromContext(ctx)
	if !s.IsValid() {
		return ""
	}
	return "00-" + s.TraceID().String() + "-" + s.SpanID().String() + "-" + s.TraceFlags().String()
}

// withTrace is ctx in the span that a traceparent names, ctx itself if it names
// none.
func withTrace(ctx context.Context, traceparent string) context.Context {
	parts := strings.Split(traceparent, "-")
	if len(parts) < 4 {
		return ctx
	}
	id, err := trace.TraceIDFromHex(parts[1])
	if err != nil {
		return ctx
	}
	span, err := trace.SpanIDFromHex(parts[2])
	if err != nil {
		return ctx
	}
	var flags trace.TraceFlags
	if strings.HasSuffix(parts[3], "1") {
		flags = trace.FlagsSampled
	}
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: id, SpanID: span, TraceFlags: flags, Remote: true,
	}))
}
