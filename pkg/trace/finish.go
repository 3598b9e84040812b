package trace

import (
	"strconv"
	"strings"
	"time"
)

// settle ends the events that are still open at i: such an event was never
// closed and ends where the next one begins.
func (p *parser) settle(i int) {
	if len(p.stack) == 0 {
		return
	}
	for _, f := range p.stack {
		end := p.text
		if trimmedText := strings.TrimRight(p.src[:i], " \t\r\n"); len(trimmedText) > f.tagEnd {
			end = len(trimmedText)
		}
		f.ev.End = max(end, f.tagEnd)
	}
	for k, f := range p.group {
		if f.closed {
			continue
		}
		if f.child {
			start := f.ev.Start
			late := f.late
			*f = *f.before
			f.ev.Start, f.child = start, false
			f.ev.End = max(p.group[k+1].ev.Start, f.tagEnd)
			for _, sp := range late {
				p.report(StrayText, sp.start, sp.end, "after an event that was never closed")
			}
		}
		p.report(UnclosedEvent, f.ev.Start, f.ev.End, "the event is never closed")
	}
	p.stack = p.stack[:0]
	p.release()
}

// release hands out the events of the group: nothing to come can change them.
func (p *parser) release() {
	for _, f := range p.group {
		p.done++
		if f.ev.ID == "" {
			f.ev.ID = "#" + strconv.Itoa(p.done)
		}
		if f.ev.Parent == "" && f.parent != nil && f.parent.closed {
			f.ev.Parent = f.parent.ev.ID
		}
		p.bareText(f)
		if f.ev.Decision == "" {
			p.report(NoDecision, f.ev.Start, f.ev.End, "the event has no decision")
		}
		p.out = append(p.out, f.ev)
	}
	clear(p.group)
	p.group = p.group[:0]
}

// bareText is the decision of an event that has no fields at all, and is left
// out elsewhere.
func (p *parser) bareText(f *frame) {
	if len(f.bare) == 0 {
		return
	}
	if !f.fields {
		texts := make([]string, 0, len(f.bare))
		for _, sp := range f.bare {
			texts = append(texts, strings.TrimSpace(unescape(p.src[sp.start:sp.end])))
			p.report(BareText, sp.start, sp.end, "text without a field is read as the decision")
		}
		last := f.bare[len(f.bare)-1]
		f.ev.Decision = p.valid(strings.TrimSpace(strings.Join(texts, "\n")), f.bare[0].start, last.end)
		return
	}
	for _, sp := range f.bare {
		p.report(StrayText, sp.start, sp.end, "between the fields of an event")
	}
}

// finish ends the text and returns the chain with all reports.
func (p *parser) finish() (Chain, []Report) {
	if p.field != kindNone {
		p.report(UnclosedField, p.fieldStart, len(p.src), "the "+p.fieldName+" is never closed")
		p.endField(len(p.src), len(p.src))
	} else {
		p.flush(len(p.src))
	}
	p.text = len(p.src)
	p.settle(len(p.src))
	if p.fenceRun > 0 {
		p.report(FenceUnclosed, p.fenceAt, p.fenceAt+p.fenceRun, "the fence around the trace is never closed")
	}
	c := Chain{Version: Version, ID: p.chainID, Name: p.name, Metadata: p.meta, Events: p.out}
	if len(c.Events) == 0 {
		c.Events = []Event{}
		p.report(NoEvents, 0, len(p.src), "the text has no event")
	}
	p.reports = append(p.reports, c.Check()...)
	if p.reports == nil {
		p.reports = []Report{}
	}
	sortReports(p.reports)
	return c, p.reports
}

// assign sets a field of an event. The first of several wins.
func (p *parser) assign(f *frame, k kind, v string, start, end int) {
	v = p.valid(v, start, end)
	e := &f.ev
	f.fields = true
	if v == "" {
		return
	}
	if k == kindCode {
		k = kindCodeSection
	}
	if f.set[k] && k != kindDepends && k != kindAlternative {
		p.report(DuplicateField, start, end, "given already; the first one stays")
		return
	}
	f.set[k] = true
	switch k {
	case kindDecision:
		e.Decision = v
	case kindReasoning:
		e.Reasoning = v
	case kindCodeSection:
		e.Code = p.unfence(v, start, end)
	case kindReference:
		e.Reference = v
	case kindParent:
		e.Parent = v
	case kindConfidence:
		p.setConfidence(e, v, start, end)
	case kindTime:
		t, err := time.Parse(time.RFC3339Nano, v)
		if err != nil || t.UTC().Year() < 1 || t.UTC().Year() > 9999 {
			p.report(BadTime, start, end, strconv.Quote(v)+" is no time of RFC 3339")
			return
		}
		e.Time = t.UTC()
	case kindAlternative:
		e.Alternatives = append(e.Alternatives, v)
	case kindAlternatives:
		e.Alternatives = append(e.Alternatives, p.split(v, start, end)...)
	case kindDepends:
		e.DependsOn = append(e.DependsOn, strings.FieldsFunc(v, func(r rune) bool {
			return r == ',' || r == ';' || r == ' ' || r == '\n' || r == '\t' || r == '\r'
		})...)
	}
}

func (p *parser) split(v string, start, end int) []string {
	items, by := SplitAlternatives(v)
	switch by {
	case "commas":
		p.report(SplitCommas, start, end, strconv.Itoa(len(items))+" alternatives parted by commas")
	case "lines":
		p.report(SplitLines, start, end, strconv.Itoa(len(items))+" alternatives, one a line")
	}
	return items
}

func (p *parser) setConfidence(e *Event, v string, start, end int) {
	c, rule, err := ParseConfidence(v)
	if err != nil {
		p.report(BadConfidence, start, end, strconv.Quote(v)+": "+err.Error())
		return
	}
	if rule != "" {
		p.report(ConfidenceMapped, start, end, strconv.Quote(v)+" is read as "+formatFloat(c)+": "+rule)
	}
	e.Confidence = &c
}

// unfence takes the fence off code that is in one.
func (p *parser) unfence(v string, start, end int) string {
	for {
		if !strings.HasPrefix(v, "```") || !strings.HasSuffix(v, "\n```") || len(v) < 8 {
			return v
		}
		nl := strings.IndexByte(v, '\n')
		info := v[3:nl]
		body := ""
		if nl+1 < len(v)-4 {
			body = v[nl+1 : len(v)-4]
		}
		if strings.ContainsAny(info, "` ") || strings.Contains(body, "\n```") || strings.TrimSpace(body) == "" {
			return v
		}
		p.report(FenceInField, start, end, "the fence around the code is left out")
		v = strings.TrimSpace(body)
	}
}
