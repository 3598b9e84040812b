package analysis

import (
	"encoding/csv"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/crucible-go/crucible/pkg/events"
)

// Unasked is the status of a query that was dispatched and has no verdict,
// because the run ended before.
const Unasked = "unasked"

var csvHeader = []string{
	"condition", "repeat", "item", "prediction", "expected", "correct",
	"latency_ms", "cost_usd", "consensus", "status",
}

// WriteCSV writes results.csv (RFC 4180, LF): one line per query in the order of
// the conditions given, then repeat, then the order of the items. Rows of other
// conditions follow in the order of their names.
//
// latency_ms is the shortest decimal of the nanoseconds, empty where there is
// none; cost_usd is empty where it is not known; correct and consensus are empty
// where no answer arrived. In the text columns (condition, item, prediction,
// expected) a cell that a spreadsheet would run as a formula is preceded by an
// apostrophe: see Cell.
func WriteCSV(w io.Writer, conditions []string, rows []Row) error {
	out := csv.NewWriter(w)
	if err := out.Write(csvHeader); err != nil {
		return err
	}
	record := make([]string, len(csvHeader))
	for _, i := range order(conditions, rows) {
		r := &rows[i]
		answered := r.State == events.VoteDecidedState || r.State == events.VoteInvalid
		record[0], record[1], record[2] = Cell(r.Condition), strconv.Itoa(r.Repeat), Cell(r.Item)
		record[3], record[4] = Cell(r.Prediction), Cell(r.Expected)
		record[5], record[8] = "", ""
		if answered {
			record[5] = strconv.FormatBool(r.Correct)
			record[8] = strconv.FormatFloat(r.Consensus, 'f', -1, 64)
		}
		record[6], record[7], record[9] = Milliseconds(r.LatencyNS), r.CostUSD, r.State
		if r.State == "" {
			record[9] = Unasked
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// order is the order of results.csv, and of every computation that could
// depend on one.
func order(conditions []string, rows []Row) []int {
	rank := make(map[string]int, len(conditions))
	for i, c := range conditions {
		rank[c] = i
	}
	idx := make([]int, len(rows))
	for i := range idx {
		idx[i] = i
	}
	at := func(c string) int {
		if r, ok := rank[c]; ok {
			return r
		}
		return len(conditions)
	}
	slices.SortFunc(idx, func(i, j int) int {
		a, b := &rows[i], &rows[j]
		if a.Condition != b.Condition {
			if d := at(a.Condition) - at(b.Condition); d != 0 {
				return d
			}
			return strings.Compare(a.Condition, b.Condition)
		}
		if a.Repeat != b.Repeat {
			return a.Repeat - b.Repeat
		}
		if a.ItemIndex != b.ItemIndex {
			return a.ItemIndex - b.ItemIndex
		}
		return a.Index - b.Index
	})
	return idx
}

// Milliseconds is a duration in nanoseconds as the shortest decimal number of
// milliseconds, "" for none (0).
func Milliseconds(ns int64) string {
	if ns == 0 {
		return ""
	}
	sign := ""
	u := uint64(ns) // the two's complement is negated below
	if ns < 0 {
		sign, u = "-", -u
	}
	whole, frac := u/1e6, u%1e6
	s := sign + strconv.FormatUint(whole, 10)
	if frac == 0 {
		return s
	}
	digits := strconv.FormatUint(frac+1e6, 10)[1:] // six digits
	return s + "." + strings.TrimRight(digits, "0")
}

// Cell makes a text safe as a cell of a spreadsheet (CWE-1236): one that begins
// with = + - @ or with a tab, carriage return or NUL is preceded by an
// apostrophe. Numbers such as -5 or +1.5e3 are left alone, so that answers that
// are numbers stay numbers.
func Cell(s string) string {
	if s == "" {
		return s
	}
	switch s[0] {
	case '=', '@', '\t', '\r', 0:
		return "'" + s
	case '+', '-':
		if !plainNumber(s) {
			return "'" + s
		}
	}
	return s
}

// plainNumber reports whether s is [+-]digits[.digits][e[+-]digits] and nothing
// else.
func plainNumber(s string) bool {
	s = strings.TrimLeft(s[:1], "+-") + s[1:]
	mantissa, exponent, hasExponent := s, "", false
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent, hasExponent = s[:i], s[i+1:], true
	}
	whole, frac, hasFrac := strings.Cut(mantissa, ".")
	if !digits(whole) || hasFrac && !digits(frac) {
		return false
	}
	if hasExponent {
		if exponent != "" && (exponent[0] == '+' || exponent[0] == '-') {
			exponent = exponent[1:]
		}
		return digits(exponent)
	}
	return true
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// line is one line of dataset.jsonl.
type line struct {
	ID       string          `json:"id"`
	Input    string          `json:"input"`
	Expected string          `json:"expected"`
	Messages []turn          `json:"messages"`
	Other    []otherMessages `json:"messages_by_condition,omitempty"`
	Recorded any             `json:"recorded,omitempty"`
}

type turn struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

type otherMessages struct {
	Condition string `json:"condition"`
	Messages  []turn `json:"messages"`
}

// WriteDataset writes dataset.jsonl: one canonical JSON object per item of the
// sample, in its order, with exactly what was asked. Conditions that were asked
// differently from the first are listed in messages_by_condition; recorded holds
// the recorded answers that the run asked for, by model, so that the file is all
// that is needed to run the experiment again.
func WriteDataset(w io.Writer, items []Item) error {
	for i := range items {
		it := &items[i]
		l := line{ID: it.ID, Input: it.Input, Expected: it.Expected, Messages: turns(it.Messages)}
		names := make([]string, 0, len(it.Other))
		for name := range it.Other {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			l.Other = append(l.Other, otherMessages{Condition: name, Messages: turns(it.Other[name])})
		}
		if len(it.Recorded) > 0 {
			l.Recorded = it.Recorded
		}
		b, err := Canonical(l)
		if err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

func turns(ms []events.Message) []turn {
	out := make([]turn, len(ms))
	for i, m := range ms {
		out[i] = turn(m)
	}
	return out
}
