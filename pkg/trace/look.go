package trace

import "strings"

// place remembers where a search began and what it found, so that every part of
// the text is searched once for each thing.
type place struct {
	from, at int
	known    bool
}

// The texts find looks for.
const (
	litCommentEnd = iota
	litComment
	litCDataEnd
	litCData
	litLine
	litAngle
	litPrologEnd
	lits
)

func literal(which int) string {
	switch which {
	case litCommentEnd:
		return "-->"
	case litComment:
		return "<!--"
	case litCDataEnd:
		return "]]>"
	case litCData:
		return "<![CDATA["
	case litLine:
		return "\n"
	case litAngle:
		return "<"
	}
	return "?>"
}

// find returns where one of the literal texts is next, at or after i; len(src)
// where it is not in the text so far, and out is wait if more may come.
func (p *parser) find(which, i int) (at int, out outcome) {
	m := &p.found[which]
	lit := literal(which)
	from := i
	if m.known && m.from <= i && i <= m.at {
		if strings.HasPrefix(p.src[m.at:], lit) {
			return m.at, found
		}
		i, from = m.at, m.from
	}
	n := strings.Index(p.src[i:], lit)
	if n >= 0 {
		*m = place{from, i + n, true}
		return i + n, found
	}
	end := len(p.src)
	if !p.final {
		*m = place{from, max(i, end-len(lit)+1), true}
		return end, wait
	}
	*m = place{from, end, true}
	return end, found
}

// nextClose finds the next closing tag of any field, event or wrapper at or
// after i; len(src) where there is none.
func (p *parser) nextClose(i int) (at int, k kind, out outcome) {
	if p.close.known && p.close.from <= i && i <= p.close.at && (p.close.at < len(p.src) || p.final) {
		return p.close.at, p.closeKind, found
	}
	from := i
	if p.closeTry.known && p.closeTry.from <= i && i <= p.closeTry.at {
		i, from = p.closeTry.at, p.closeTry.from
	}
	for {
		n := strings.Index(p.src[i:], "</")
		if n < 0 {
			if !p.final {
				p.closeTry = place{from, max(i, len(p.src)-1), true}
				return 0, 0, wait
			}
			p.close, p.closeKind = place{from, len(p.src), true}, kindNone
			return len(p.src), kindNone, found
		}
		i += n
		_, k, closing, _, o := p.lexName(i)
		if o == wait {
			p.closeTry = place{from, i, true}
			return 0, 0, wait
		}
		if o == found && closing && k != kindCode && k != kindItem {
			p.close, p.closeKind = place{from, i, true}, k
			return i, k, found
		}
		i += 2
	}
}

// nextOf finds the next opening or closing tag of one kind at or after i.
func (p *parser) nextOf(want kind, closing bool, i int) (int, outcome) {
	m, try := &p.opens[want], &p.openTry[want]
	if closing {
		m, try = &p.closes[want], &p.closesTry[want]
	}
	if m.known && m.from <= i && i <= m.at && (m.at < len(p.src) || p.final) {
		return m.at, found
	}
	from := i
	if try.known && try.from <= i && i <= try.at {
		i, from = try.at, try.from
	}
	for {
		n := strings.IndexByte(p.src[i:], '<')
		if n < 0 {
			if !p.final {
				*try = place{from, len(p.src), true}
				return 0, wait
			}
			*m = place{from, len(p.src), true}
			return len(p.src), found
		}
		i += n
		_, k, c, _, o := p.lexName(i)
		if o == wait {
			*try = place{from, i, true}
			return 0, wait
		}
		if o == found && k == want && c == closing {
			*m = place{from, i, true}
			return i, found
		}
		i++
	}
}

// mention reports whether the tag at i, inside an open field, is only spoken of:
// the next closing tag is the field's own, and no tag before it opens the field
// anew.
func (p *parser) mention(i int) (bool, outcome) {
	if i < p.literal {
		return true, found
	}
	at, k, o := p.nextClose(i + 1)
	if o != found || k != p.field {
		return false, o
	}
	again, o := p.nextOf(p.field, false, i+1)
	if o != found || again < at {
		return false, o
	}
	ev, o := p.nextOf(kindEvent, true, i)
	if o != found || ev < at && ev != i {
		return false, o
	}
	p.literal = at
	return true, found
}

// fenceClose finds the end of a fence of n bytes c whose content begins at i:
// begin and end of the closing line. It must lie before limit.
func (p *parser) fenceClose(i, n int, c byte, limit int) (from, to int, out outcome) {
	if p.noFence.known && limit <= p.noFence.at && i >= p.noFence.from && n >= p.noFenceRun {
		return 0, 0, notFound
	}
	start := i
	if p.fenceTry.known && p.fenceTry.from == i {
		i = p.fenceTry.at
	}
	for i < limit {
		end := strings.IndexByte(p.src[i:limit], '\n')
		if end < 0 {
			if limit == len(p.src) && !p.final {
				p.fenceTry = place{start, i, true}
				return 0, 0, wait
			}
			end = limit
		} else {
			end += i
		}
		line := p.src[i:end]
		body := strings.TrimRight(strings.TrimLeft(line, " \t"), " \t\r")
		if len(body) >= n && len(body) <= 64 && strings.Trim(body, string(c)) == "" {
			return i, end, found
		}
		i = end + 1
	}
	if limit == len(p.src) && !p.final {
		p.fenceTry = place{start, limit, true}
		if i > limit {
			p.fenceTry.at = limit
		}
		return 0, 0, wait
	}
	p.noFence, p.noFenceRun = place{start, limit, true}, n
	return 0, 0, notFound
}

// knownTag reports whether a piece of text has a tag of the format.
func (p *parser) knownTag(s string) bool {
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			return false
		}
		s = s[i:]
		q := parser{src: s[:min(len(s), maxName+8)], final: true, types: p.types}
		if _, _, _, _, o := q.lexName(0); o == found {
			return true
		}
		s = s[1:]
	}
}

// lineStart reports whether only blanks, or a tag, are before i on its line.
func (p *parser) lineStart(i int) bool {
	for j := i - 1; j >= 0 && i-j < 32; j-- {
		switch p.src[j] {
		case ' ', '\t':
		case '\n', '>', '\r':
			return true
		default:
			return false
		}
	}
	return i < 32
}
