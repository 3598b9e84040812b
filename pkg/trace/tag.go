package trace

import "strings"

// kind is what a tag's name means.
type kind int

const (
	kindNone kind = iota
	kindEvent
	kindTypeTag // a type of event as the name of the tag
	kindWrapper
	kindDecision
	kindReasoning
	kindConfidence
	kindCodeSection
	kindCode
	kindReference
	kindAlternatives
	kindAlternative
	kindItem // <item>, <option>, <li>: an alternative in <alternatives> only
	kindDepends
	kindParent
	kindTime
	kindMeta
	kinds
)

const (
	maxName = 40      // bytes of a tag's name
	maxTag  = 1 << 20 // bytes of a tag
)

// kindOf returns what a tag's name means; name is lower case.
func (t *Types) kindOf(name string) kind {
	switch name {
	case "event":
		return kindEvent
	case "trace", "causal_trace", "causaltrace", "causal_chain", "chain", "events":
		return kindWrapper
	case "decision":
		return kindDecision
	case "reasoning":
		return kindReasoning
	case "confidence":
		return kindConfidence
	case "code_section":
		return kindCodeSection
	case "code":
		return kindCode
	case "spec_reference", "reference":
		return kindReference
	case "alternatives":
		return kindAlternatives
	case "alternative":
		return kindAlternative
	case "item", "option", "li":
		return kindItem
	case "depends_on":
		return kindDepends
	case "parent", "parent_id":
		return kindParent
	case "timestamp", "time":
		return kindTime
	case "meta":
		return kindMeta
	}
	if _, known, _ := t.Resolve(name); known {
		return kindTypeTag
	}
	return kindNone
}

type attr struct {
	name, value string
	at, end     int
}

// tag is one opening or closing tag of a known name.
type tag struct {
	kind      kind
	name      string
	attrs     []attr
	start     int
	end       int
	closing   bool
	selfClose bool
	repairs   []Report
}

// outcome is what a look at the text came to.
type outcome int

const (
	found outcome = iota
	notFound
	wait // the text goes on, and what comes decides
)

// lexName reads the name of a tag at '<'.
func (p *parser) lexName(i int) (name string, k kind, closing bool, at int, out outcome) {
	s := p.src
	j := i + 1
	for j < len(s) && j < i+4 && (s[j] == ' ' || s[j] == '/' && !closing) {
		closing = closing || s[j] == '/'
		j++
	}
	from := j
	var buf [maxName]byte
	n := 0
	for j < len(s) && n < maxName {
		c := s[j]
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c == '-':
			c = '_'
		}
		if (c < 'a' || c > 'z') && c != '_' && (c < '0' || c > '9') {
			break
		}
		buf[n] = c
		n++
		j++
	}
	if j == len(s) && !p.final && n < maxName {
		return "", kindNone, false, j, wait
	}
	if n == 0 || n == maxName || s[from] == '_' {
		return "", kindNone, false, j, notFound
	}
	if k = p.types.kindOf(string(buf[:n])); k == kindNone {
		return "", k, false, j, notFound
	}
	if name = s[from:j]; !plainName(name) {
		name = string(buf[:n])
	}
	return name, k, closing, j, found
}

// lexTag reads the tag at '<', if it is one of a known name.
func (p *parser) lexTag(i int) (tag, outcome) {
	name, k, closing, j, out := p.lexName(i)
	t := tag{kind: k, name: name, start: i, closing: closing}
	if out != found {
		return t, out
	}
	s := p.src
	if j < len(s) && s[j] != '>' && s[j] != '/' && s[j] != '<' && !space(s[j]) {
		return t, notFound
	}
	clean := true
	for {
		for j < len(s) && (space(s[j]) || s[j] == ',') {
			j++
		}
		if j-i > maxTag {
			return t, notFound
		}
		if j == len(s) {
			if !p.final {
				return t, wait
			}
			return t, notFound
		}
		switch c := s[j]; {
		case c == '>':
			t.end = j + 1
			return t, found
		case c == '/':
			if j+1 == len(s) && !p.final {
				return t, wait
			}
			if j+1 < len(s) && s[j+1] == '>' {
				t.selfClose, t.end = !closing, j+2
				return t, found
			}
			j++
		case c == '<':
			if !clean {
				return t, notFound
			}
			t.end = j
			t.repairs = append(t.repairs, Report{UnclosedTag, i, j, "the tag of " + name + " has no >"})
			return t, found
		default:
			a, next, o := p.lexAttr(j, &t)
			if o != found {
				return t, o
			}
			clean = clean && a.name != "" && a.value != ""
			if a.name != "" {
				t.attrs = append(t.attrs, a)
			} else {
				t.repairs = append(t.repairs, Report{BadAttribute, a.at, a.end, "not name=value"})
			}
			j = next
		}
	}
}

func space(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }

// lexAttr reads one attribute. What is not name=value comes back without a name.
func (p *parser) lexAttr(j int, t *tag) (attr, int, outcome) {
	s := p.src
	at := j
	for j < len(s) && (wordByte(s[j]) && s[j] < 0x80 || s[j] == '-' || s[j] == '.' || s[j] == ':') {
		j++
	}
	name := typeName(s[at:j])
	for j < len(s) && space(s[j]) {
		j++
	}
	if j == len(s) {
		return attr{}, j, p.more()
	}
	if s[j] != '=' || name == "" {
		if j == at {
			for j < len(s) && !space(s[j]) && s[j] != '>' && s[j] != '<' && s[j] != '/' {
				j++
			}
		}
		return attr{at: at, end: max(j, at+1)}, max(j, at+1), found
	}
	for j++; j < len(s) && space(s[j]); j++ {
	}
	// The longest quote has three bytes; one that is cut could be read as none.
	if j+3 > len(s) && !p.final {
		return attr{}, j, wait
	}
	if j >= len(s) {
		return attr{}, j, p.more()
	}
	q := quoteAt(s[j:])
	if q == 0 {
		e := j
		for e < len(s) && !space(s[e]) && s[e] != '>' && s[e] != '<' && (s[e] != '/' || e+1 < len(s) && s[e+1] != '>') && e-t.start < maxTag {
			e++
		}
		if e == len(s) {
			return attr{}, e, p.more()
		}
		t.repairs = append(t.repairs, Report{QuoteRepaired, at, e, "the value of " + name + " is not quoted"})
		return attr{name, value(strings.TrimRight(s[j:e], `"'”’`)), at, e}, e, found
	}
	return p.lexQuoted(name, at, j, q, t)
}

// more is the outcome where the text ends too early.
func (p *parser) more() outcome {
	if p.final {
		return notFound
	}
	return wait
}

// lexQuoted reads a quoted value whose opening quote of q bytes is at j.
func (p *parser) lexQuoted(name string, at, j, q int, t *tag) (attr, int, outcome) {
	s := p.src
	limit := min(len(s), t.start+maxTag)
	stop := strings.IndexByte(s[j:limit], '<')
	if stop < 0 {
		if limit == len(s) && !p.final {
			return attr{}, j, wait
		}
		stop = limit
	} else {
		stop += j
	}
	from := j + q
	if q > stop-j {
		return attr{}, j, notFound
	}
	e, n := closingQuote(s[from:stop], s[j:from])
	if e >= 0 {
		v := s[from : from+e]
		next := from + e + n
		after := next >= stop || space(s[next]) || s[next] == '>' || s[next] == '/' || s[next] == ','
		if !eqEnd(v) && (after || strings.IndexByte(v, '>') < 0) {
			if q > 1 || n > 1 || s[j:from] != s[from+e:next] {
				t.repairs = append(t.repairs, Report{QuoteRepaired, at, next, "the value of " + name + " has curly or unlike quotes"})
			}
			return attr{name, value(v), at, next}, next, found
		}
	}
	for e = from; e < stop && !space(s[e]) && s[e] != '>'; e++ {
	}
	t.repairs = append(t.repairs, Report{QuoteRepaired, at, e, "the value of " + name + " has no end quote"})
	return attr{name, value(strings.TrimSuffix(s[from:e], "/")), at, e}, e, found
}

// eqEnd reports a value that swallowed the next attribute's name.
func eqEnd(v string) bool {
	v = strings.TrimRight(v, " ")
	if !strings.HasSuffix(v, "=") {
		return false
	}
	i := strings.LastIndexAny(v[:len(v)-1], " \t\n")
	return i >= 0 && i+1 < len(v)-1 && plainName(strings.ToLower(v[i+1:len(v)-1]))
}

func value(s string) string { return strings.TrimSpace(unescape(s)) }

// quoteAt is the length of a quote at the start of s, or 0.
func quoteAt(s string) int {
	if s[0] == '"' || s[0] == '\'' || s[0] == '`' {
		return 1
	}
	for _, q := range []string{"“", "”", "„", "″", "‘", "’", "‚", "«", "»"} {
		if strings.HasPrefix(s, q) {
			return len(q)
		}
	}
	return 0
}

// closingQuote finds the quote that ends a value opened by open: the same one,
// or else one of its family.
func closingQuote(s, open string) (at, n int) {
	if len(open) == 1 {
		if i := strings.IndexByte(s, open[0]); i >= 0 {
			return i, 1
		}
	}
	family := []string{"\"", "“", "”", "″", "»", "«"}
	if open == "'" || open == "‘" || open == "’" || open == "‚" {
		family = []string{"'", "’", "‘"}
	}
	at = -1
	for _, q := range family {
		if i := strings.Index(s, q); i >= 0 && (at < 0 || i < at) {
			at, n = i, len(q)
		}
	}
	return at, n
}
