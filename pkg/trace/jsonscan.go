package trace

import "strings"

// jsonEnd is the end of the JSON value that begins at i, or -1 where the text
// ends first. It matches brackets outside of strings, and no more.
func jsonEnd(s string, i int) int {
	depth := 0
	for i < len(s) {
		switch c := s[i]; c {
		case '"':
			if i = stringEnd(s, i); i < 0 {
				return -1
			}
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				return i + 1
			}
		case ',', '\n', ' ', '\t', '\r':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	if depth == 0 {
		return i
	}
	return -1
}

// stringEnd is the end of the JSON string that begins at i, or -1.
func stringEnd(s string, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

func skipSpace(s string, i int) int {
	for i < len(s) && space(s[i]) {
		i++
	}
	return i
}

// objectKeys calls f with every key of the object that begins at i and where its
// value begins and ends; the end is -1 where the text ends first. It returns
// where it stopped.
func objectKeys(s string, i int, f func(key string, from, to int)) int {
	i++
	for {
		for i = skipSpace(s, i); i < len(s) && s[i] == ','; i = skipSpace(s, i+1) {
		}
		if i >= len(s) || s[i] != '"' {
			return i
		}
		end := stringEnd(s, i)
		if end < 0 {
			return len(s)
		}
		key := s[i+1 : end-1]
		if i = skipSpace(s, end); i >= len(s) || s[i] != ':' {
			return i
		}
		i = skipSpace(s, i+1)
		end = jsonEnd(s, i)
		f(key, i, end)
		if end < 0 {
			return len(s)
		}
		if end == i {
			return i
		}
		i = end
	}
}

// noTrailingCommas leaves out the commas before a closing bracket.
func noTrailingCommas(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] == '"' {
			end := stringEnd(s, i)
			if end < 0 {
				end = len(s)
			}
			b.WriteString(s[i:end])
			i = end
			continue
		}
		if s[i] == ',' {
			if j := skipSpace(s, i+1); j < len(s) && (s[j] == '}' || s[j] == ']') {
				i++
				continue
			}
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}
