package events

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
)

// IDLen is the length of every id that this package derives: 128 bits in
// lower-case base32 (RFC 4648 "extended hex" alphabet, no padding), which is
// safe in a subject, a file name and a URL and sorts like the bytes it encodes.
const IDLen = 26

var idEncoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// H derives an id from its parts: the first 128 bits of SHA-256 over each part
// preceded by its length (eight bytes, big-endian), so that no two different
// lists of parts share an encoding.
func H(parts ...string) string {
	return encodeID(hash(parts...))
}

// Seed derives a 64-bit seed from its parts in the same way as H.
func Seed(parts ...string) uint64 {
	sum := hash(parts...)
	return binary.BigEndian.Uint64(sum[24:])
}

// EventID is the identity of the fact published on subject. It depends on
// nothing else, so a fact has one id however often and by whomever it is
// offered.
func EventID(subject string) string {
	sum := sha256.Sum256([]byte(subject))
	return encodeID(sum)
}

// QueryID identifies one item × condition × repeat of a run.
func QueryID(run, condition string, repeat int, item string) string {
	return H("query", run, condition, itoa(repeat), item)
}

// CallID identifies one order to a member: ordinal counts the orders that one
// query gives to the same member in the same role, from 0.
func CallID(query, role, member string, ordinal int) string {
	return H("call", query, role, member, itoa(ordinal))
}

func hash(parts ...string) [sha256.Size]byte {
	var stack [512]byte
	buf := stack[:0]
	for _, p := range parts {
		buf = binary.BigEndian.AppendUint64(buf, uint64(len(p)))
		buf = append(buf, p...)
	}
	return sha256.Sum256(buf)
}

func encodeID(sum [sha256.Size]byte) string {
	var out [IDLen]byte
	idEncoding.Encode(out[:], sum[:16])
	return string(out[:])
}
