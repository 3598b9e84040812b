package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// releaseDigits is how far a number that one release computed may lie from that of
// another, relative to the greater: a better algorithm moves the last digits, and
// nothing that a reader would see.
const releaseDigits = 1e-9

// devel is the version of a build that names no code.
const devel = "(devel)"

// fromOtherCode tells whether a result may have been computed by other code than
// this.
func fromOtherCode(theirs, ours string) bool {
	return theirs != ours || strings.HasPrefix(theirs, devel)
}

// agreement compares two JSON documents value by value and returns the greatest
// relative difference of their numbers. It reports false where anything but a
// number differs, where the documents are built differently, or where a number
// differs by more than releaseDigits.
func agreement(a, b []byte) (float64, bool) {
	x, err := document(a)
	if err != nil {
		return 0, false
	}
	y, err := document(b)
	if err != nil {
		return 0, false
	}
	worst := 0.0
	ok := sameValues(x, y, &worst)
	return worst, ok && worst <= releaseDigits
}

func document(b []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("read a result: %w", err)
	}
	return v, nil
}

func sameValues(a, b any, worst *float64) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for k, v := range x {
			w, ok := y[k]
			if !ok || !sameValues(v, w, worst) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i, v := range x {
			if !sameValues(v, y[i], worst) {
				return false
			}
		}
		return true
	case json.Number:
		y, ok := b.(json.Number)
		return ok && sameNumber(x, y, worst)
	}
	return a == b
}

func sameNumber(a, b json.Number, worst *float64) bool {
	if a == b {
		return true
	}
	x, err := a.Float64()
	if err != nil {
		return false
	}
	y, err := b.Float64()
	if err != nil {
		return false
	}
	if x != y {
		*worst = max(*worst, math.Abs(x-y)/max(math.Abs(x), math.Abs(y)))
	}
	return true
}
