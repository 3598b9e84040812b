package events

import "embed"

//go:embed schema/*.json
var schemas embed.FS

// Schema is the JSON Schema (draft 2020-12) of the events of the kind, envelope
// included, nil for a kind that this version does not know. It allows fields
// that it does not name.
func Schema(k Kind) []byte {
	if byKind[k] == nil {
		return nil
	}
	b, err := schemas.ReadFile("schema/" + string(k) + ".json")
	if err != nil {
		panic("events: " + err.Error()) // the tests see to it that each kind has one
	}
	return b
}
