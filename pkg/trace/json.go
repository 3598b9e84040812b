package trace

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// jsonReader reads events in JSON.
type jsonReader struct {
	p    parser // its text, types, reports and rules
	meta bool   // the chain's own fields were read
}

// ParseAny reads a text in the format it is in: JSON where the text, or a fence
// in it, is an object or an array of objects, and tags elsewhere.
func ParseAny(text string, types *Types) (Chain, []Report) {
	if _, _, ok := jsonPart(text); ok {
		return ParseJSON(text, types)
	}
	return Parse(text, types)
}

// jsonPart finds the JSON of a text: all of it, or what a fence holds.
func jsonPart(s string) (from, to int, ok bool) {
	i := skipSpace(s, 0)
	if strings.HasPrefix(s[i:], "\ufeff") {
		i = skipSpace(s, i+3)
	}
	if jsonAt(s, i) {
		return i, len(s), true
	}
	for i = strings.Index(s, "```"); i >= 0; {
		nl := strings.IndexByte(s[i:], '\n')
		if nl < 0 {
			return 0, 0, false
		}
		line := i + nl
		info := strings.ToLower(strings.TrimSpace(s[i+3 : line]))
		end := strings.Index(s[line:], "\n```")
		known := info == "" || info == "json" || info == "jsonl" || info == "json5" || info == "ndjson"
		if start := skipSpace(s, line); known && jsonAt(s, start) {
			if end < 0 {
				return start, len(s), true
			}
			return start, line + end, true
		}
		if end < 0 {
			return 0, 0, false
		}
		after := line + end + 4
		next := strings.Index(s[after:], "```")
		if next < 0 {
			return 0, 0, false
		}
		i = after + next
	}
	return 0, 0, false
}

// jsonAt reports whether an object, or an array of objects or of nothing, begins.
func jsonAt(s string, i int) bool {
	if i >= len(s) {
		return false
	}
	if s[i] == '{' {
		j := skipSpace(s, i+1)
		return j < len(s) && (s[j] == '"' || s[j] == '}')
	}
	if s[i] != '[' {
		return false
	}
	for j := skipSpace(s, i+1); j < len(s); j = skipSpace(s, j+1) {
		if s[j] == '{' || s[j] == ']' && strings.TrimSpace(s[j+1:]) == "" {
			return true
		}
		end := jsonEnd(s, j)
		if end <= j || !json.Valid([]byte(s[j:end])) {
			return false
		}
		if j = skipSpace(s, end); j >= len(s) || s[j] != ',' {
			return false
		}
	}
	return false
}

// ParseJSON reads events in JSON: an array of them, an object with "events", one
// object a line, or either in a code fence. The keys are those JSON prints, and
// the older code, reference, parent_id, timestamp and event_type; confidence may
// be a number or a text. A value that cannot be read is left out and reported;
// an event that is cut or damaged does not take the others with it.
func ParseJSON(text string, types *Types) (Chain, []Report) {
	r := &jsonReader{p: parser{src: text, types: types, final: true}}
	from, to, ok := jsonPart(text)
	if !ok {
		r.outside(0, len(text))
		return r.p.finishJSON()
	}
	r.outside(0, from)
	r.outside(to, len(text))
	r.p.src = text[:to]
	for i := skipSpace(text, from); i < to; i = skipSpace(r.p.src, i) {
		i = r.value(i)
	}
	r.p.src = text
	return r.p.finishJSON()
}

// outside reports text around the JSON, with the lines of a fence.
func (r *jsonReader) outside(from, to int) {
	s := r.p.src[from:to]
	if t := strings.TrimSpace(s); t != "" {
		start := from + strings.Index(s, t)
		r.p.report(TextOutside, start, start+len(t), "")
	}
}

func (p *parser) finishJSON() (Chain, []Report) {
	p.text = len(p.src)
	c, rs := p.finish()
	return c, rs
}

// value reads a value outside of any list and returns where it ends.
func (r *jsonReader) value(i int) int {
	s := r.p.src
	switch s[i] {
	case '[':
		return r.array(i)
	case '{':
		isChain := false
		objectKeys(s, i, func(key string, from, _ int) {
			isChain = isChain || key == "events" && from < len(s) && s[from] == '['
		})
		if isChain {
			return r.chain(i)
		}
		return r.event(i)
	}
	end := strings.IndexByte(s[i:], '\n')
	if end < 0 {
		end = len(s) - i
	}
	r.p.report(BadJSON, i, i+end, "not an event")
	return i + end
}

// array reads a list of events.
func (r *jsonReader) array(i int) int {
	s := r.p.src
	for i++; ; {
		for i = skipSpace(s, i); i < len(s) && s[i] == ','; i = skipSpace(s, i+1) {
		}
		switch {
		case i >= len(s):
			r.p.report(JSONRepaired, len(s), len(s), "the list has no end")
			return i
		case s[i] == ']':
			return i + 1
		case s[i] == '{':
			i = r.event(i)
			continue
		}
		end := jsonEnd(s, i)
		if end <= i {
			end = len(s)
		}
		r.p.report(BadJSON, i, end, "not an event")
		i = end
	}
}

// chain reads an object with a list of events.
func (r *jsonReader) chain(i int) int {
	s := r.p.src
	start := i
	stop := objectKeys(s, i, func(key string, from, to int) {
		if key == "events" && s[from] == '[' {
			r.array(from)
			return
		}
		if to < 0 || r.meta && key != "events" {
			r.p.report(BadJSON, from, len(s), "of "+key)
			return
		}
		r.chainKey(key, from, to)
	})
	r.meta = true
	if end := jsonEnd(s, start); end > 0 {
		if stop = skipSpace(s, stop); stop < end-1 {
			r.p.report(BadJSON, stop, end-1, "not a key and a value")
		}
		return end
	}
	if stop = skipSpace(s, stop); stop < len(s) {
		r.p.report(BadJSON, stop, len(s), "not a key and a value")
	}
	return len(s)
}

func (r *jsonReader) chainKey(key string, from, to int) {
	p := &r.p
	raw := []byte(p.src[from:to])
	var err error
	switch key {
	case "version":
		var v int
		if err = json.Unmarshal(raw, &v); err == nil && v != Version {
			p.report(OtherVersion, from, to, "version "+strconv.Itoa(v)+", this is "+strconv.Itoa(Version))
		}
	case "id":
		p.chainID = r.text(key, raw, from, to)
	case "name":
		p.name = r.text(key, raw, from, to)
	case "metadata":
		p.meta = r.texts(raw, from, to)
	default:
		p.report(BadValue, from, to, "a chain has no "+strconv.Quote(key))
	}
	if err != nil {
		p.report(BadValue, from, to, key+" is of another kind")
	}
}

// texts reads an object of texts; other values are kept as their JSON.
func (r *jsonReader) texts(raw []byte, from, to int) map[string]string {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		r.p.report(BadValue, from, to, "metadata is no object")
		return nil
	}
	var f frame
	for _, k := range slices.Sorted(maps.Keys(all)) {
		r.p.setMeta(&f, strings.TrimSpace(k), strings.TrimSpace(text(all[k])), from, to)
	}
	return f.ev.Metadata
}

// text is a JSON text, or another value as its JSON.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil && string(raw) != "null" {
		return s
	}
	return string(raw)
}

// event reads one object and returns where it ends.
func (r *jsonReader) event(i int) int {
	p := &r.p
	end := jsonEnd(p.src, i)
	if end < 0 {
		p.report(BadJSON, i, len(p.src), "the event is cut off")
		return len(p.src)
	}
	src := p.src[i:end]
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(src), &m); err != nil {
		if err = json.Unmarshal([]byte(noTrailingCommas(src)), &m); err != nil {
			p.report(BadJSON, i, end, "no JSON: "+err.Error())
			return end
		}
		p.report(JSONRepaired, i, end, "commas before closing brackets are left out")
	}
	f := &frame{closed: true}
	f.ev.Start, f.ev.End = i, end
	seen := map[string]bool{}
	objectKeys(p.src[:end], i, func(key string, from, to int) {
		if seen[key] {
			p.report(DuplicateField, from, max(from, to), "key "+strconv.Quote(key)+" is given twice; the last one stays")
		}
		seen[key] = true
	})
	typ := ""
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if k == "type" || k == "event_type" && m["type"] == nil {
			typ = r.text(k, m[k], i, end)
			continue
		}
		r.key(f, k, m[k], i, end)
	}
	if f.ev.End < f.ev.Start {
		p.report(BadValue, i, end, "the position ends before it starts")
		f.ev.Start, f.ev.End = i, end
	}
	p.setType(f, typ, &tag{start: i, end: end})
	p.group = append(p.group, f)
	p.release()
	return end
}

// text reads a text, or refuses what is none.
func (r *jsonReader) text(key string, raw json.RawMessage, start, end int) string {
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil {
		r.p.report(BadValue, start, end, key+" is no text")
		return ""
	}
	if s == nil {
		return ""
	}
	return strings.TrimSpace(*s)
}

// key reads one key of an event.
func (r *jsonReader) key(f *frame, key string, raw json.RawMessage, start, end int) {
	p, e := &r.p, &f.ev
	switch key {
	case "id":
		e.ID = r.text(key, raw, start, end)
	case "unknown":
	case "start", "end":
		r.position(e, key, raw, start, end)
	case "time", "timestamp":
		p.assign(f, kindTime, r.text(key, raw, start, end), start, end)
	case "decision":
		p.assign(f, kindDecision, r.text(key, raw, start, end), start, end)
	case "reasoning":
		p.assign(f, kindReasoning, r.text(key, raw, start, end), start, end)
	case "code_section", "code":
		p.assign(f, kindCodeSection, r.text(key, raw, start, end), start, end)
	case "spec_reference", "reference":
		p.assign(f, kindReference, r.text(key, raw, start, end), start, end)
	case "parent", "parent_id":
		p.assign(f, kindParent, r.text(key, raw, start, end), start, end)
	case "confidence":
		p.assign(f, kindConfidence, strings.TrimSpace(nonNull(raw)), start, end)
	case "alternatives":
		e.Alternatives = r.list(f, key, raw, start, end)
	case "depends_on":
		e.DependsOn = append(e.DependsOn, r.list(f, key, raw, start, end)...)
	case "metadata":
		if string(raw) != "null" {
			e.Metadata = r.texts(raw, start, end)
		}
	default:
		p.report(BadValue, start, end, "an event has no "+strconv.Quote(key))
	}
}

func nonNull(raw json.RawMessage) string {
	if string(raw) == "null" {
		return ""
	}
	return text(raw)
}

// position reads where the event was in the text it was first read from.
func (r *jsonReader) position(e *Event, key string, raw json.RawMessage, start, end int) {
	v, err := strconv.Atoi(string(raw))
	if err != nil || v < 0 {
		r.p.report(BadValue, start, end, key+" is no position")
		return
	}
	if key == "start" {
		e.Start = v
	} else {
		e.End = v
	}
}

// list reads a list of texts, or one text as the tag format has it.
func (r *jsonReader) list(f *frame, key string, raw json.RawMessage, start, end int) []string {
	if len(raw) > 0 && raw[0] == '"' {
		v := r.text(key, raw, start, end)
		if key == "alternatives" {
			return r.p.split(v, start, end)
		}
		r.p.assign(f, kindDepends, v, start, end)
		return nil
	}
	var all []json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		r.p.report(BadValue, start, end, key+" is no list")
		return nil
	}
	var out []string
	for _, it := range all {
		if v := r.text("an item of "+key, it, start, end); v != "" {
			out = append(out, v)
		}
	}
	return out
}
