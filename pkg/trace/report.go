package trace

import (
	"cmp"
	"slices"
)

// Kind says what a report is about.
type Kind string

// Class says what happened to the bytes of a report.
type Class string

// The classes of reports.
const (
	Note    Class = "note"    // nothing was changed
	Repair  Class = "repair"  // what was written badly was read all the same
	Dropped Class = "dropped" // bytes are not part of any event
	Refused Class = "refused" // a value was given and is not used
	Graph   Class = "graph"   // events refer to each other badly
)

// The kinds of reports.
const (
	NoEvents     Kind = "no_events"
	TextOutside  Kind = "text_outside"
	CodeExample  Kind = "code_example"
	CodeBlock    Kind = "code_block"
	Wrapper      Kind = "wrapper"
	MetadataNote Kind = "metadata"
	OlderType    Kind = "older_type"
	UnknownType  Kind = "unknown_type"
	MissingType  Kind = "missing_type"
	NoDecision   Kind = "missing_decision"
	TagAsText    Kind = "tag_as_text"
	OtherVersion Kind = "other_version"

	FenceParsed      Kind = "fence_parsed"
	FenceUnclosed    Kind = "fence_unclosed"
	FenceInField     Kind = "fence_in_field"
	TypeSpelling     Kind = "type_spelling"
	TypeAsTag        Kind = "type_as_tag"
	UnclosedEvent    Kind = "unclosed_event"
	UnclosedField    Kind = "unclosed_field"
	UnclosedTag      Kind = "unclosed_tag"
	UnclosedCData    Kind = "unclosed_cdata"
	UnclosedComment  Kind = "unclosed_comment"
	MismatchedClose  Kind = "mismatched_close"
	QuoteRepaired    Kind = "attribute_quote"
	BareText         Kind = "bare_text"
	ItemTag          Kind = "item_tag"
	SplitCommas      Kind = "split_commas"
	SplitLines       Kind = "split_lines"
	ConfidenceMapped Kind = "confidence_mapped"
	InvalidUTF8      Kind = "invalid_utf8"
	JSONRepaired     Kind = "json_repaired"

	StrayText      Kind = "stray_text"
	StrayClose     Kind = "stray_close"
	NestedField    Kind = "nested_field"
	DuplicateField Kind = "duplicate_field"
	FieldOutside   Kind = "field_outside"
	Comment        Kind = "comment"
	CDataOutside   Kind = "cdata_outside"
	BadJSON        Kind = "bad_json"

	BadConfidence Kind = "bad_confidence"
	BadTime       Kind = "bad_time"
	BadAttribute  Kind = "bad_attribute"
	BadValue      Kind = "bad_value"

	DuplicateID Kind = "duplicate_id"
	DanglingRef Kind = "dangling_reference"
	Cycle       Kind = "cycle"
)

// Class returns the class of a kind.
func (k Kind) Class() Class {
	switch k {
	case NoEvents, TextOutside, CodeExample, CodeBlock, Wrapper, MetadataNote, OlderType, UnknownType, MissingType, NoDecision, TagAsText, OtherVersion:
		return Note
	case StrayText, StrayClose, NestedField, DuplicateField, FieldOutside, Comment, CDataOutside, BadJSON:
		return Dropped
	case BadConfidence, BadTime, BadAttribute, BadValue:
		return Refused
	case DuplicateID, DanglingRef, Cycle:
		return Graph
	}
	return Repair
}

// Report is one thing a parser repaired, left out or noticed.
type Report struct {
	Kind Kind `json:"kind"`
	// Start and End are the bytes of the text it is about.
	Start  int    `json:"start"`
	End    int    `json:"end"`
	Detail string `json:"detail,omitempty"`
}

// sortReports puts reports in the order of the text.
func sortReports(rs []Report) {
	slices.SortStableFunc(rs, func(a, b Report) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Detail, b.Detail))
	})
}
