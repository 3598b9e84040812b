package score

import (
	"strings"
	"unicode"
)

// truth is what a word says: 1 yes, −1 no, 0 neither.
func truth(word string) int {
	switch word {
	case "yes", "true", "correct", "right", "affirmative", "y", "t", "1":
		return 1
	case "no", "false", "incorrect", "wrong", "negative", "n", "f", "0", "untrue":
		return -1
	}
	return 0
}

// negation reports a word that turns what follows into its opposite.
func negation(word string) bool {
	switch word {
	case "not", "isn't", "never", "cannot", "aint", "ain't", "isnt", "wasn't", "nicht":
		return true
	}
	return false
}

// filler reports a word that may stand before the verdict: "the answer is yes",
// "that's not true".
func filler(word string) bool {
	switch word {
	case "the", "answer", "statement", "claim", "it", "it's", "that", "that's", "this", "is", "was", "definitely", "clearly", "therefore", "so", "final", "overall":
		return true
	}
	return false
}

// canonicalBoolean is the normaliser boolean: the text says yes or no, and the
// result is "true" or "false". It is a word for either, perhaps after words that
// lead up to it and with "not" before it; or begins with yes, no, true or false
// and a mark, unless the other is said further on. "Not true" is false; "true or
// false", "maybe" and "no doubt it is" are no boolean.
func canonicalBoolean(text string) (string, bool) {
	words, marks := wordsAndMarks(text)
	lead := 0
	for lead < len(words) && filler(words[lead]) {
		lead++
	}
	if lead == len(words) {
		return "", false
	}
	sign := 1
	at := lead
	for at < len(words) && negation(words[at]) {
		sign = -sign
		at++
	}
	if at == len(words) {
		return "", false
	}
	value := sign * truth(words[at])
	if value == 0 {
		return "", false
	}
	if at+1 < len(words) && (!marks[at] || at > lead || contradicted(words[at], words[at+1:])) {
		return "", false
	}
	if value > 0 {
		return "true", true
	}
	return "false", true
}

// contradicted reports whether what follows a verdict takes it back or doubts it.
func contradicted(verdict string, rest []string) bool {
	for _, w := range rest {
		if t := truth(w); len(w) > 1 && t != 0 && t != truth(verdict) {
			return true
		}
		switch w {
		case "maybe", "perhaps", "unsure", "uncertain", "possibly", "depends", "but", "however":
			return true
		}
	}
	return false
}

// wordsAndMarks splits a text into words in lower case and says after which of
// them a mark stands.
func wordsAndMarks(text string) (words []string, marks []bool) {
	text, _ = lowercaseTrim(strings.ReplaceAll(text, "’", "'"))
	for _, field := range strings.Fields(text) {
		inner := strings.FieldsFunc(field, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && !unicode.IsMark(r)
		})
		if len(inner) == 0 {
			if len(marks) > 0 {
				marks[len(marks)-1] = true
			}
			continue
		}
		for i, w := range inner {
			words = append(words, strings.Trim(w, "'"))
			last := i == len(inner)-1
			marks = append(marks, !last || strings.ContainsAny(field[len(field)-1:], ",.;:!)-") || strings.HasSuffix(field, "—") || strings.HasSuffix(field, "–"))
		}
	}
	return words, marks
}
