package trace

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

type span struct{ start, end int }

// frame is one event while it is read.
type frame struct {
	ev     Event
	tag    string
	tagEnd int
	bare   []span // text outside of fields
	set    [kinds]bool
	fields bool
	parent *frame
	child  bool   // another event began inside
	before *frame // what was known when it did
	late   []span // what came after it
	closed bool
}

// parser reads one text, from left to right. It stops where what comes decides,
// and goes on when there is more.
type parser struct {
	src   string
	final bool
	types *Types

	pos  int // the next byte to look at
	text int // the first byte not yet accounted for

	stack   []*frame
	group   []*frame // since the last time no event was open
	done    int      // events finished
	out     []Event
	reports []Report
	meta    map[string]string
	chainID string
	name    string

	field      kind
	fieldStart int
	fieldName  string
	inList     bool // the open alternative is in <alternatives>
	itemAt     int
	items      []string
	list       string // text of <alternatives> outside of items
	parts      strings.Builder
	hasParts   bool
	metaKey    string
	literal    int // up to here tags are only spoken of

	fenceRun  int
	fenceChar byte
	fenceAt   int

	close, closeTry, noFence, fenceTry place
	closeKind                          kind
	found                              [lits]place
	noFenceRun                         int
	opens, closes, openTry, closesTry  [kinds]place
}

// Parse reads the events of a text in the tag format, and reports what was
// repaired, noticed or left out. A nil types knows the standard ones.
func Parse(text string, types *Types) (Chain, []Report) {
	p := parser{types: types, src: text, final: true}
	p.run()
	return p.finish()
}

func (p *parser) report(k Kind, start, end int, detail string) {
	p.reports = append(p.reports, Report{k, start, end, detail})
}

// run reads as far as the text allows.
func (p *parser) run() {
	for p.pos < len(p.src) {
		i := p.special(p.pos)
		if i < 0 {
			p.pos = len(p.src)
			return
		}
		p.pos = i
		mark := p.tick
		if p.src[i] == '<' {
			mark = p.angle
		}
		next, out := mark(i)
		if out == wait {
			return
		}
		p.pos = next
	}
}

// special finds the next byte that may mean something.
func (p *parser) special(i int) int {
	s := p.src
	for ; i < len(s); i++ {
		if c := s[i]; c == '<' || c == '`' || c == '~' {
			return i
		}
	}
	return -1
}

// angle reads what begins with '<' and returns where to go on.
func (p *parser) angle(i int) (int, outcome) {
	rest := p.src[i:]
	if len(rest) < 2 {
		return i + 1, p.cut()
	}
	if rest[1] == '!' {
		if len(rest) < len("<![CDATA[") && !p.final {
			return i, wait
		}
		switch {
		case strings.HasPrefix(rest, "<!--"):
			if p.field != kindNone {
				return i + 4, found
			}
			return p.readComment(i)
		case len(rest) >= 9 && strings.EqualFold(rest[:9], "<![CDATA["):
			return p.readCData(i)
		}
		return i + 2, found
	}
	t, out := p.lexTag(i)
	switch {
	case out == wait:
		return i, wait
	case out == notFound, t.kind == kindItem && p.field != kindAlternatives && (!p.inList || p.field != kindAlternative):
		return i + 1, found
	case p.field != kindNone:
		return p.tagInField(&t)
	case t.kind == kindCode && len(p.stack) == 0 && !t.closing && !t.selfClose:
		return p.codeBlock(&t)
	}
	p.tagOutside(&t)
	return t.end, found
}

// cut is the outcome for a text that ends in the middle of something.
func (p *parser) cut() outcome {
	if p.final {
		return found
	}
	return wait
}

// flush accounts for the text up to i, outside of any field.
func (p *parser) flush(i int) {
	s := p.src[p.text:i]
	t := strings.TrimLeft(s, " \t\r\n")
	if t == "" {
		return
	}
	start := i - len(t)
	sp := span{start, start + len(strings.TrimRight(t, " \t\r\n"))}
	if len(p.stack) == 0 {
		p.report(TextOutside, sp.start, sp.end, "")
		return
	}
	f := p.stack[len(p.stack)-1]
	if f.child {
		f.late = append(f.late, sp)
	}
	f.bare = append(f.bare, sp)
}

// codeBlock leaves out a <code> block between events: it is the answer's code.
func (p *parser) codeBlock(t *tag) (int, outcome) {
	at, out := p.nextOf(kindCode, true, t.end)
	if out == wait {
		return t.start, wait
	}
	if at == len(p.src) {
		return t.end, found
	}
	c, out := p.lexTag(at)
	if out != found {
		if out == wait {
			return t.start, wait
		}
		return t.end, found
	}
	p.flush(t.start)
	p.report(CodeBlock, t.start, c.end, "code of the answer")
	p.text = c.end
	return c.end, found
}

// tagOutside reads a tag where no field is open.
func (p *parser) tagOutside(t *tag) {
	p.flush(t.start)
	p.text = t.end
	p.reports = append(p.reports, t.repairs...)
	switch {
	case t.kind == kindWrapper:
		p.wrapper(t)
	case t.kind == kindEvent || t.kind == kindTypeTag:
		if t.closing {
			p.closeEvent(t)
		} else {
			p.openEvent(t)
		}
	case t.closing:
		p.report(StrayClose, t.start, t.end, "closes a "+t.name+" that is not open")
	case len(p.stack) == 0 && t.kind == kindMeta && t.selfClose:
		p.chainMeta(t)
	case len(p.stack) == 0:
		p.report(FieldOutside, t.start, t.end, t.name+" outside of an event")
	default:
		p.openField(t)
	}
}

// wrapper reads a tag around the events.
func (p *parser) wrapper(t *tag) {
	p.report(Wrapper, t.start, t.end, t.name)
	if t.closing {
		p.settle(t.start)
		return
	}
	for _, a := range t.attrs {
		switch {
		case a.name == "id" && p.chainID == "":
			p.chainID = p.valid(a.value, a.at, a.end)
		case a.name == "name" && p.name == "":
			p.name = p.valid(a.value, a.at, a.end)
		default:
			p.setMeta(nil, a.name, a.value, a.at, a.end)
		}
	}
}

// chainMeta reads metadata of the chain.
func (p *parser) chainMeta(t *tag) {
	key, v := "", ""
	for _, a := range t.attrs {
		switch a.name {
		case "key":
			key = a.value
		case "value":
			v = a.value
		default:
			p.report(BadAttribute, a.at, a.end, "a meta has no attribute "+a.name)
		}
	}
	p.report(MetadataNote, t.start, t.end, key)
	p.setMeta(nil, key, v, t.start, t.end)
}

// setMeta notes metadata of an event, or of the chain.
func (p *parser) setMeta(f *frame, key, v string, start, end int) {
	m := &p.meta
	if f != nil {
		m = &f.ev.Metadata
	}
	key, v = p.valid(key, start, end), p.valid(v, start, end)
	if _, twice := (*m)[key]; twice || key == "" {
		p.report(DuplicateField, start, end, "metadata "+strconv.Quote(key)+" is given already or has no key")
		return
	}
	if *m == nil {
		*m = map[string]string{}
	}
	(*m)[key] = v
}

// valid returns a value as UTF-8.
func (p *parser) valid(s string, start, end int) string {
	if utf8.ValidString(s) {
		return s
	}
	p.report(InvalidUTF8, start, end, "bytes that are no UTF-8 are replaced")
	return strings.TrimSpace(strings.ToValidUTF8(s, "�"))
}

func (p *parser) openEvent(t *tag) {
	f := &frame{tag: t.name, tagEnd: t.end}
	f.ev.Start = t.start
	if n := len(p.stack); n > 0 {
		top := p.stack[n-1]
		f.parent = top
		if !top.child {
			snap := *top
			snap.ev.Metadata = cloneMap(top.ev.Metadata)
			top.child, top.before = true, &snap
		}
	}
	typ, given := "", false
	if t.kind == kindTypeTag {
		typ, given = t.name, true
		p.report(TypeAsTag, t.start, t.end, "the tag is named for the type "+t.name)
	}
	for _, a := range t.attrs {
		if a.name == "type" && !given {
			typ, given = p.valid(a.value, a.at, a.end), true
			continue
		}
		p.eventAttr(f, a)
	}
	p.setType(f, typ, t)
	p.stack = append(p.stack, f)
	p.group = append(p.group, f)
	if t.selfClose {
		p.pop(t.end)
	}
}

func cloneMap(m map[string]string) map[string]string {
	if m == nil {
		return nil
	}
	c := make(map[string]string, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

func (p *parser) setType(f *frame, raw string, t *tag) {
	name := typeName(raw)
	if name == "" {
		f.ev.Unknown = true
		p.report(MissingType, t.start, t.end, "the event has no type")
		return
	}
	if name != raw {
		p.report(TypeSpelling, t.start, t.end, "type "+strconv.Quote(raw)+" is read as "+name)
	}
	typ, known, older := p.types.Resolve(name)
	f.ev.Type, f.ev.Unknown = typ, !known
	switch {
	case older:
		p.report(OlderType, t.start, t.end, "type "+name+" is "+string(typ)+" now")
	case !known:
		p.report(UnknownType, t.start, t.end, "type "+strconv.Quote(name)+" is not known")
	}
}

// eventAttr reads an attribute of an event: its id, its references, a field, or
// else metadata.
func (p *parser) eventAttr(f *frame, a attr) {
	switch k := p.types.kindOf(a.name); {
	case a.name == "id" && f.ev.ID == "":
		f.ev.ID = p.valid(a.value, a.at, a.end)
	case k >= kindDecision && k != kindItem && k < kindMeta:
		p.assign(f, k, a.value, a.at, a.end)
	case a.name == "id" || a.name == "type":
		p.report(DuplicateField, a.at, a.end, "given already; the first one stays")
	default:
		p.setMeta(f, a.name, a.value, a.at, a.end)
	}
}

func (p *parser) closeEvent(t *tag) {
	if len(p.stack) == 0 {
		p.report(StrayClose, t.start, t.end, "closes an event that is not open")
		return
	}
	if f := p.stack[len(p.stack)-1]; !strings.EqualFold(f.tag, t.name) {
		p.report(MismatchedClose, t.start, t.end, "</"+t.name+"> closes <"+f.tag+">")
	}
	p.pop(t.end)
}

// pop closes the innermost event.
func (p *parser) pop(end int) {
	n := len(p.stack) - 1
	f := p.stack[n]
	p.stack = p.stack[:n]
	f.closed, f.ev.End = true, end
	if n == 0 {
		p.release()
	}
}
