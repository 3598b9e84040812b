package trace

import (
	"strings"
)

// readComment reads a comment outside of fields: metadata, or nothing.
func (p *parser) readComment(i int) (int, outcome) {
	end, out := p.find(litCommentEnd, i+4)
	next, _ := p.find(litComment, i+4)
	switch {
	case next < end:
		return p.brokenComment(i)
	case out == wait:
		return i, wait
	case end == len(p.src):
		return p.brokenComment(i)
	}
	p.flush(i)
	p.text = end + 3
	p.metaComment(p.src[i+4:end], i, end+3)
	return end + 3, found
}

// brokenComment ends a comment that has no end with its line, or at a tag.
func (p *parser) brokenComment(i int) (int, outcome) {
	end, out := p.find(litLine, i)
	tag, tagOut := p.find(litAngle, i+4)
	if end = min(end, tag); end == len(p.src) && (out == wait || tagOut == wait) {
		return i, wait
	}
	p.flush(i)
	p.text = end
	p.report(UnclosedComment, i, end, "the comment has no end")
	p.metaComment(strings.TrimRight(p.src[i+4:end], "-> \r\n"), i, end)
	return end, found
}

// metaComment reads "key: value".
func (p *parser) metaComment(text string, start, end int) {
	key, v, ok := strings.Cut(text, ":")
	key, v = typeName(key), strings.TrimSpace(v)
	if !ok || v == "" || key == "" || len(key) > maxName || !plainName(key) || strings.Contains(v, "\n") {
		p.report(Comment, start, end, "a comment")
		return
	}
	var f *frame
	if n := len(p.stack); n > 0 {
		f = p.stack[n-1]
		if f.child {
			f.late = append(f.late, span{start, end})
		}
	}
	p.report(MetadataNote, start, end, key)
	p.setMeta(f, key, v, start, end)
}

// readCData takes a CDATA section into the open field as it is.
func (p *parser) readCData(i int) (int, outcome) {
	const open = len("<![CDATA[")
	if p.field == kindNone {
		p.flush(i)
		p.report(CDataOutside, i, i+open, "CDATA outside of a field is read as text")
		p.text = i + open
		return i + open, found
	}
	end, out := p.find(litCDataEnd, i+open)
	again, _ := p.find(litCData, i+open)
	switch {
	case again >= end && out == wait:
		return i, wait
	case again < end || end == len(p.src):
		p.keep(i)
		p.report(UnclosedCData, i, i+open, "the CDATA section has no end")
		p.text = i + open
		return i + open, found
	}
	p.keep(i)
	p.parts.WriteString(p.src[i+open : end])
	p.hasParts = true
	p.text = end + 3
	return end + 3, found
}

// tick reads a run of backticks or tildes.
func (p *parser) tick(i int) (int, outcome) {
	c, n := p.src[i], 1
	for i+n < len(p.src) && p.src[i+n] == c {
		n++
	}
	if i+n == len(p.src) && !p.final {
		return i, wait
	}
	if n >= 3 && n <= 64 && p.lineStart(i) {
		return p.fence(i, n, c)
	}
	if c == '`' {
		return p.inline(i, n)
	}
	return i + n, found
}

const maxInline = 1000

// inline passes over `code` of one line.
func (p *parser) inline(i, n int) (int, outcome) {
	limit := min(len(p.src), i+n+maxInline)
	if nl := strings.IndexByte(p.src[i+n:limit], '\n'); nl >= 0 {
		limit = i + n + nl
	} else if limit == len(p.src) && !p.final {
		return i, wait
	}
	if p.field != kindNone {
		if strings.IndexByte(p.src[i+n:limit], '<') < 0 {
			return i + n, found
		}
		at, out := p.nextOf(p.field, true, i)
		if out == wait {
			return i, wait
		}
		limit = min(limit, at)
	}
	end := -1
	for j := i + n; j < limit; {
		if p.src[j] != '`' {
			j++
			continue
		}
		run := 1
		for j+run < limit && p.src[j+run] == '`' {
			run++
		}
		if run == n {
			end = j
			break
		}
		j += run
	}
	if end < 0 {
		return i + n, found
	}
	body := strings.TrimSpace(p.src[i+n : end])
	if !p.knownTag(body) {
		return i + n, found
	}
	if body[0] != '<' || body[len(body)-1] != '>' {
		return i + n, found
	}
	if p.field == kindNone {
		p.report(CodeExample, i, end+n, "tags in inline code are no events")
	}
	return end + n, found
}

// fence reads the line of a code fence.
func (p *parser) fence(i, n int, c byte) (int, outcome) {
	nl := strings.IndexByte(p.src[i+n:], '\n')
	if nl < 0 && !p.final {
		return i, wait
	}
	line := len(p.src)
	if nl >= 0 {
		line = i + n + nl
	}
	info := strings.ToLower(strings.TrimSpace(p.src[i+n : line]))
	switch {
	case c == '`' && strings.Contains(info, "`"):
		return p.inline(i, n)
	case p.field != kindNone:
		return p.fenceInField(i, n, c, line)
	case info == "" && p.fenceRun > 0 && p.fenceChar == c && n >= p.fenceRun:
		p.flush(i)
		p.report(FenceParsed, i, i+n, "end of the fence around the trace")
		p.fenceRun, p.text = 0, i+n
		return i + n, found
	}
	return p.fenceOutside(i, n, c, line, info)
}

func (p *parser) fenceInField(i, n int, c byte, line int) (int, outcome) {
	limit, out := p.nextOf(p.field, true, i)
	if out == wait {
		return i, wait
	}
	_, end, out := p.fenceClose(min(line+1, len(p.src)), n, c, limit)
	switch {
	case out == wait:
		return i, wait
	case out == notFound || limit == len(p.src):
		return i + n, found
	}
	return end, found
}

// fenceOutside tells a fence around the trace from one around other code.
func (p *parser) fenceOutside(i, n int, c byte, line int, info string) (int, outcome) {
	trace, out := p.traceAt(line, info)
	if out == wait {
		return i, wait
	}
	if trace {
		p.flush(i)
		p.report(FenceParsed, i, line, "the fence is around the trace")
		p.fenceRun, p.fenceChar, p.fenceAt, p.text = n, c, i, line
		return line, found
	}
	_, end, out := p.fenceClose(min(line+1, len(p.src)), n, c, len(p.src))
	switch {
	case out == wait:
		return i, wait
	case out == notFound:
		return i + n, found
	}
	if p.knownTag(p.src[line:end]) {
		p.report(CodeExample, i, end, "tags in a code fence are no events")
	}
	return end, found
}

// traceAt reports whether the content of a fence is the trace itself: it begins
// with one of its tags, and the fence is not of another language.
func (p *parser) traceAt(line int, info string) (bool, outcome) {
	switch info {
	case "", "xml", "html", "trace", "text", "txt", "plaintext", "markdown", "md", "causal_trace", "causaltrace":
	default:
		return false, found
	}
	j := line
	for j < len(p.src) && space(p.src[j]) {
		j++
	}
	rest := p.src[j:]
	if strings.HasPrefix(rest, "<?xml") {
		end, out := p.find(litPrologEnd, j)
		if out == wait || end == len(p.src) {
			return false, p.more()
		}
		for j = end + 2; j < len(p.src) && space(p.src[j]); j++ {
		}
		rest = p.src[j:]
	}
	if len(rest) < 4 && !p.final {
		return false, wait
	}
	if strings.HasPrefix(rest, "<!--") {
		return true, found
	}
	if rest == "" || rest[0] != '<' {
		return false, found
	}
	_, k, closing, _, out := p.lexName(j)
	if out == wait {
		return false, wait
	}
	ok := out == found && !closing && (k == kindEvent || k == kindWrapper || k == kindTypeTag || k >= kindDecision && k != kindCode && len(p.stack) > 0)
	return ok, found
}
