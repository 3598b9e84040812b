package bus

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// delivered is a message of a consumer as its reply subject describes it.
type delivered struct {
	deliveries uint64
	seq        uint64
	consumed   uint64 // position in the consumer, from 1
	pending    uint64
	at         time.Time
}

// readDelivery reads the reply subject of a delivered message,
//
//	$JS.ACK.<stream>.<consumer>.<deliveries>.<seq>.<consumed>.<ns>.<pending>
//
// or its longer form with a domain and an account after ACK and a token at the
// end.
func readDelivery(reply string) (delivered, error) {
	const short, long = 9, 11
	var tokens [16]string
	n := 0
	for rest, more := reply, true; more && n < len(tokens); n++ {
		tokens[n], rest, more = strings.Cut(rest, ".")
	}
	first := 4
	switch {
	case n < short || tokens[0] != "$JS" || tokens[1] != "ACK":
		return delivered{}, fmt.Errorf("delivery: reply %q is not an acknowledgement subject", reply)
	case n >= long:
		first = 6
	}
	var v [5]uint64
	for i := range v {
		x, err := strconv.ParseUint(tokens[first+i], 10, 64)
		if err != nil {
			return delivered{}, fmt.Errorf("delivery: reply %q: %w", reply, err)
		}
		v[i] = x
	}
	return delivered{deliveries: v[0], seq: v[1], consumed: v[2], at: time.Unix(0, int64(v[3])), pending: v[4]}, nil
}

// deliveredMessage builds the message that handlers see.
func deliveredMessage(m *nats.Msg, d delivered, stream string) *Message {
	msg := newMessage(m.Subject, d.seq, d.at, m.Data, m.Header)
	msg.Stream, msg.Deliveries, msg.Pending = stream, d.deliveries, d.pending
	return msg
}
