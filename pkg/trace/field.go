package trace

import "strings"

// openField begins a field of the innermost event.
func (p *parser) openField(t *tag) {
	k := t.kind
	f := p.stack[len(p.stack)-1]
	if k == kindAlternative && f.child {
		f.late = append(f.late, span{t.start, t.end})
	}
	p.field, p.fieldStart, p.fieldName, p.inList = k, t.start, t.name, false
	p.items, p.list, p.metaKey = p.items[:0], "", ""
	p.parts.Reset()
	p.hasParts = false
	p.fieldAttrs(t, f)
	if t.selfClose {
		p.endField(t.end, t.end)
	}
}

// fieldAttrs reads the attributes of a field's tag: its value, or a key.
func (p *parser) fieldAttrs(t *tag, f *frame) {
	for _, a := range t.attrs {
		switch {
		case a.name == "key" && t.kind == kindMeta && p.metaKey == "":
			p.metaKey = a.value
		case t.kind == kindDepends && a.name == "ref":
			f.fields = true
			if v := p.valid(a.value, a.at, a.end); v != "" {
				f.ev.DependsOn = append(f.ev.DependsOn, v)
			}
		case t.selfClose && (a.name == "value" || t.kind != kindMeta && (a.name == "name" || a.name == "text")) && !p.hasParts:
			p.parts.WriteString(a.value)
			p.hasParts = true
		default:
			p.report(BadAttribute, a.at, a.end, "a "+t.name+" has no attribute "+a.name)
		}
	}
}

// keep adds the text up to i to the open field.
func (p *parser) keep(i int) {
	if p.text < i {
		p.parts.WriteString(unescape(p.src[p.text:i]))
		p.hasParts = true
	}
	p.text = i
}

// taken is the text of the open field up to i, which then begins anew.
func (p *parser) taken(i int) string {
	if !p.hasParts {
		s := unescape(p.src[min(p.text, i):i])
		p.text = i
		return strings.TrimSpace(s)
	}
	p.keep(i)
	s := strings.TrimSpace(p.parts.String())
	p.parts.Reset()
	p.hasParts = false
	return s
}

// endField ends the open field: its text ends at i, and all of it at end.
func (p *parser) endField(i, end int) {
	f := p.stack[len(p.stack)-1]
	k := p.field
	if p.inList {
		p.endItem(i)
		k = kindAlternatives
	}
	p.field, p.inList = kindNone, false
	if f.child {
		f.late = append(f.late, span{p.fieldStart, end})
	}
	switch v := p.taken(i); k {
	case kindMeta:
		f.fields = true
		p.setMeta(f, p.metaKey, v, p.fieldStart, end)
	case kindAlternatives:
		p.endList(f, v, end)
	default:
		p.assign(f, k, v, p.fieldStart, end)
	}
}

// endItem ends the open item of the list of alternatives.
func (p *parser) endItem(i int) {
	v := p.valid(p.taken(i), p.itemAt, i)
	if v != "" {
		p.items = append(p.items, v)
	}
	p.field = kindAlternatives
}

// endList ends a list of alternatives: its items, or else its text in pieces.
func (p *parser) endList(f *frame, text string, end int) {
	if p.list != "" {
		text = strings.TrimSpace(p.list + "\n" + text)
	}
	f.fields = true
	if len(p.items) == 0 {
		if text != "" {
			p.assign(f, kindAlternatives, text, p.fieldStart, end)
		}
		return
	}
	if text != "" {
		p.report(StrayText, p.fieldStart, end, "text between the alternatives")
	}
	if f.set[kindAlternatives] {
		p.report(DuplicateField, p.fieldStart, end, "given already; the first one stays")
		return
	}
	f.set[kindAlternatives] = true
	f.ev.Alternatives = append(f.ev.Alternatives, p.items...)
}

// tagInField reads a tag of a known name while a field is open.
func (p *parser) tagInField(t *tag) (int, outcome) {
	if t.kind == kindCode && p.field != kindCode || t.kind == kindMeta && p.field != kindMeta && p.field != kindNone && t.closing {
		return t.end, found // markup in the text
	}
	if p.field == kindAlternatives || p.inList {
		if next, out, ok := p.tagInList(t); ok {
			return next, out
		}
	}
	if t.closing && t.kind == p.field {
		p.reports = append(p.reports, t.repairs...)
		p.endField(t.start, t.end)
		p.text = t.end
		return t.end, found
	}
	said, out := p.mention(t.start)
	if out == wait {
		return t.start, wait
	}
	if said {
		if p.field == kindAlternative {
			p.keep(t.start)
			p.report(NestedField, t.start, t.end, "a tag of "+t.name+" inside an alternative")
			p.text = t.end
			return t.end, found
		}
		p.report(TagAsText, t.start, t.end, "a tag of "+t.name+" inside the "+p.fieldName+" is text")
		return t.end, found
	}
	if p.field == kindAlternative && t.kind >= kindDecision && t.kind < kinds {
		own, out := p.ownClose(t.end)
		if out == wait {
			return t.start, wait
		}
		if own {
			p.keep(t.start)
			p.report(NestedField, t.start, t.end, "a tag of "+t.name+" inside an alternative")
			p.text = t.end
			return t.end, found
		}
	}
	return p.breakField(t)
}

// ownClose reports whether the open alternative is closed before its event is.
func (p *parser) ownClose(i int) (bool, outcome) {
	at, out := p.nextOf(kindAlternative, true, i)
	if out != found || at == len(p.src) {
		return false, out
	}
	for _, k := range []struct {
		kind    kind
		closing bool
	}{{kindEvent, true}, {kindEvent, false}, {kindAlternative, false}} {
		n, out := p.nextOf(k.kind, k.closing, i)
		if out != found || n < at {
			return false, out
		}
	}
	return true, found
}

// breakField ends a field that was not closed before another tag.
func (p *parser) breakField(t *tag) (int, outcome) {
	isField := t.kind >= kindDecision
	if t.closing && isField {
		p.report(MismatchedClose, t.start, t.end, "</"+t.name+"> closes <"+p.fieldName+">")
		p.endField(t.start, t.end)
		p.text = t.end
		return t.end, found
	}
	p.report(UnclosedField, p.fieldStart, t.start, "the "+p.fieldName+" is never closed")
	p.endField(t.start, t.start)
	p.text = t.start
	p.tagOutside(t)
	return t.end, found
}

// tagInList reads a tag inside <alternatives>; ok is false for one that has no
// meaning there.
func (p *parser) tagInList(t *tag) (next int, out outcome, ok bool) {
	item := t.kind == kindAlternative || t.kind == kindItem
	switch {
	case item && !t.closing:
		p.openItem(t)
	case item && p.inList:
		p.reports = append(p.reports, t.repairs...)
		p.endItem(t.start)
		p.inList = false
		p.text = t.end
	case item:
		p.keep(t.start)
		p.report(StrayClose, t.start, t.end, "closes an alternative that is not open")
		p.text = t.end
	case t.kind == kindAlternatives && t.closing:
		p.reports = append(p.reports, t.repairs...)
		if p.inList {
			p.report(UnclosedField, p.itemAt, t.start, "the alternative is never closed")
		}
		p.endField(t.start, t.end)
		p.text = t.end
	default:
		return 0, found, false
	}
	return t.end, found, true
}

func (p *parser) openItem(t *tag) {
	p.reports = append(p.reports, t.repairs...)
	if p.inList {
		p.report(UnclosedField, p.itemAt, t.start, "the alternative is never closed")
		p.endItem(t.start)
	} else if s := p.taken(t.start); s != "" {
		p.list = strings.TrimSpace(p.list + "\n" + s)
	}
	if t.kind == kindItem {
		p.report(ItemTag, t.start, t.end, "<"+t.name+"> is read as an alternative")
	}
	p.text, p.itemAt, p.inList, p.field = t.end, t.start, true, kindAlternative
	for _, a := range t.attrs {
		if t.selfClose && (a.name == "value" || a.name == "name" || a.name == "text") && !p.hasParts {
			p.parts.WriteString(a.value)
			p.hasParts = true
			continue
		}
		p.report(BadAttribute, a.at, a.end, "an alternative has no attribute "+a.name)
	}
	if t.selfClose {
		p.endItem(t.end)
		p.inList = false
	}
}
