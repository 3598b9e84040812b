package events

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"math/bits"
	"slices"
)

// Digest is a checksum of a set of events that depends neither on their order
// nor on how they were batched: the sum, modulo 2²⁵⁶, of SHA-256(id ‖ payload)
// read as big-endian numbers. Two copies of a log that agree on the count and
// the digest of each kind hold the same events.
//
// The zero value is the digest of no events.
type Digest struct {
	words [4]uint64 // most significant first
	count uint64
	buf   []byte
}

// Add counts one event.
func (d *Digest) Add(id string, payload []byte) {
	d.buf = append(append(d.buf[:0], id...), payload...)
	sum := sha256.Sum256(d.buf)
	var carry uint64
	for i := 3; i >= 0; i-- {
		d.words[i], carry = bits.Add64(d.words[i], binary.BigEndian.Uint64(sum[i*8:]), carry)
	}
	d.count++
}

// Count is the number of events added.
func (d *Digest) Count() uint64 { return d.count }

// String is the digest as 64 hexadecimal digits.
func (d *Digest) String() string {
	var b [32]byte
	for i, w := range d.words {
		binary.BigEndian.PutUint64(b[i*8:], w)
	}
	return hex.EncodeToString(b[:])
}

// Digests keeps a Digest per kind. The zero value is ready for use.
type Digests struct {
	m map[Kind]*Digest
}

// Add counts one event of the kind.
func (d *Digests) Add(k Kind, id string, payload []byte) {
	g := d.m[k]
	if g == nil {
		if d.m == nil {
			d.m = map[Kind]*Digest{}
		}
		g = new(Digest)
		d.m[k] = g
	}
	g.Add(id, payload)
}

// Count is the number of events of the kind.
func (d *Digests) Count(k Kind) uint64 {
	if g := d.m[k]; g != nil {
		return g.count
	}
	return 0
}

// Kinds are the counts and digests of the kinds that occurred, in the order of
// the documentation, then unknown kinds by name.
func (d *Digests) Kinds() []KindDigest {
	var out []KindDigest
	for _, k := range inOrder(maps.Keys(d.m)) {
		g := d.m[k]
		out = append(out, KindDigest{Kind: k, Count: g.count, Digest: g.String()})
	}
	return out
}

// inOrder sorts kinds: known ones as in the documentation, then others by name.
func inOrder(kinds iter.Seq[Kind]) []Kind {
	known := Kinds()
	place := func(k Kind) int {
		if i := slices.Index(known, k); i >= 0 {
			return i
		}
		return len(known)
	}
	return slices.SortedFunc(kinds, func(a, b Kind) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
	})
}

// DiffKinds says in words where two lists of counts and digests differ, nil if
// nowhere. The names say whose they are.
func DiffKinds(nameA string, a []KindDigest, nameB string, b []KindDigest) []string {
	left, right, both := map[Kind]KindDigest{}, map[Kind]KindDigest{}, map[Kind]bool{}
	for _, k := range a {
		left[k.Kind], both[k.Kind] = k, true
	}
	for _, k := range b {
		right[k.Kind], both[k.Kind] = k, true
	}
	var out []string
	for _, k := range inOrder(maps.Keys(both)) {
		l, r := left[k], right[k]
		switch {
		case l.Count != r.Count:
			out = append(out, fmt.Sprintf("%s: %s has %d, %s has %d", k, nameA, l.Count, nameB, r.Count))
		case l.Digest != r.Digest:
			out = append(out, fmt.Sprintf("%s: %s and %s hold %d events each, but their content differs", k, nameA, nameB, l.Count))
		}
	}
	return out
}
