package experiment

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Resolved is the spec with its defaults filled in as canonical JSON: keys
// sorted, no white space, nothing escaped that need not be. It holds no secret,
// only the names of the variables that do.
func (s *Spec) Resolved() []byte { return mustCanonical(s) }

// Hash is the SHA-256 of Resolved, in hexadecimal.
func (s *Spec) Hash() string {
	sum := sha256.Sum256(s.Resolved())
	return hex.EncodeToString(sum[:])
}

// ParseResolved reads what Resolved wrote. It ignores keys that it does not
// know, as a newer version may have written them, and does not check again what
// Parse has checked.
func ParseResolved(b []byte) (*Spec, error) {
	s := new(Spec)
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("resolved spec: %w", err)
	}
	if s.Version != Version {
		return nil, fmt.Errorf("resolved spec: version %d, this program reads version %d", s.Version, Version)
	}
	for i := range s.Models {
		if len(s.Models[i].Params) > 0 {
			s.Models[i].Params = mustCanonical(s.Models[i].Params)
		}
	}
	return s, nil
}

// mustCanonical writes a value of this package's types as canonical JSON; that
// these cannot be written is a programmer's mistake.
func mustCanonical(v any) []byte {
	b, err := canonical(v)
	if err != nil {
		panic("experiment: " + err.Error())
	}
	return b
}

// canonical goes through maps, because encoding/json sorts their keys, and
// keeps numbers as they are written.
func canonical(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var plain any
	if err := decodeJSON(b, &plain); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(plain); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
