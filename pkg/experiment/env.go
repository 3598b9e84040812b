package experiment

import (
	"regexp"
	"strings"
)

// expand replaces ${NAME} in text by the variable's value; "$${NAME}" is the
// text itself. It returns the names that were replaced and those that are not
// set.
func expand(text string, env func(string) (string, bool)) (out string, used, unset []string) {
	if !strings.Contains(text, "${") {
		return text, nil, nil
	}
	var b strings.Builder
	for {
		at := strings.Index(text, "${")
		if at < 0 {
			b.WriteString(text)
			return b.String(), used, unset
		}
		name, rest, ok := strings.Cut(text[at+2:], "}")
		switch {
		case !ok || !isName(name):
			b.WriteString(text[:at+2])
			text = text[at+2:]
			continue
		case at > 0 && text[at-1] == '$':
			b.WriteString(text[:at-1] + "${" + name + "}")
		default:
			b.WriteString(text[:at])
			value, set := "", false
			if env != nil {
				value, set = env(name)
			}
			if set {
				used = append(used, name)
			} else {
				unset = append(unset, name)
			}
			b.WriteString(value)
		}
		text = rest
	}
}

// unexpand makes a text that expand leaves as it is.
func unexpand(text string) string {
	return regexp.MustCompile(`\$\{[A-Za-z_][A-Za-z0-9_]*\}`).ReplaceAllString(text, "$$$0")
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// isSecret says whether a variable's name is that of a secret. A spec is stored
// in the log, so secrets stay out of it.
func isSecret(name string) bool {
	for _, word := range strings.Split(strings.ToUpper(name), "_") {
		switch word {
		case "KEY", "APIKEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIALS":
			return true
		}
	}
	return false
}
