package score

import "strings"

// lastLetter is the last letter that marks a choice.
const lastLetter = 'J'

// How strongly the surroundings of a letter say that it is the answer.
const (
	noChoice = iota
	loneLetter
	bracketedLetter
	announcedLetter
)

// lastChoice finds the letter of a choice, A to J. It takes, by descending
// strength and within one strength the last,
//
//  1. a letter that "answer", "choice" or "option" announces: "the answer is
//     (b)", "Answer: C";
//  2. a letter in brackets: "(B)", "[b]";
//  3. a capital that stands alone: "B", "B. Paris".
//
// A capital A or I before a further word is taken for that word of English,
// unless brackets or a mark follow it.
func lastChoice(text string) (string, bool) {
	best, at := noChoice, -1
	if letter := strings.Trim(text, " \t\r\n.*"); len(letter) == 1 && choiceByte(letter[0]) {
		return strings.ToUpper(letter), true
	}
	for i := range len(text) {
		if !choiceByte(text[i]) || !standsAlone(text, i) {
			continue
		}
		if s := strength(text, i); s >= best && s > noChoice {
			best, at = s, i
		}
	}
	if at < 0 {
		return "", false
	}
	return strings.ToUpper(text[at : at+1]), true
}

// choiceByte reports whether a byte is a letter that marks a choice.
func choiceByte(b byte) bool {
	b |= 0x20
	return 'a' <= b && b <= lastLetter|0x20
}

// standsAlone reports whether the byte at i is a word of its own.
func standsAlone(text string, i int) bool {
	if i > 0 && (wordByte(text[i-1]) || text[i-1] == '\'' && i > 1 && letterByte(text[i-2])) {
		return false
	}
	if i+1 == len(text) {
		return true
	}
	next := text[i+1]
	return !wordByte(next) && (next != '\'' || i+2 == len(text) || !letterByte(text[i+2]))
}

// strength says how strongly the surroundings say that the letter at i is the
// answer.
func strength(text string, i int) int {
	bracketed := i > 0 && i+1 < len(text) &&
		(text[i-1] == '(' && text[i+1] == ')' || text[i-1] == '[' && text[i+1] == ']')
	capital := text[i] < 'a'
	if !bracketed && (!capital || wordOfEnglish(text, i)) {
		return noChoice
	}
	switch {
	case announced(text[:i]):
		return announcedLetter
	case bracketed:
		return bracketedLetter
	}
	return loneLetter
}

// wordOfEnglish reports whether the letter at i is the article or the pronoun.
func wordOfEnglish(text string, i int) bool {
	if text[i] != 'A' && text[i] != 'I' {
		return false
	}
	rest := strings.TrimLeft(text[i+1:], " ")
	return len(rest) < len(text)-i-1 && rest != "" && letterByte(rest[0])
}

// announced reports whether a text ends in words that announce the answer.
func announced(before string) bool {
	before = strings.TrimRight(before, " \t\n*(\"'[:=")
	for _, verb := range []string{"is", "was", "be"} {
		if cut, found := cutWord(before, verb); found {
			before = strings.TrimRight(cut, " \t\n*:")
			break
		}
	}
	for _, noun := range []string{"answer", "choice", "option"} {
		if _, found := cutWord(before, noun); found {
			return true
		}
	}
	return false
}

// cutWord cuts a word off the end of a text, without regard to case.
func cutWord(text, word string) (string, bool) {
	at := len(text) - len(word)
	if at < 0 || !strings.EqualFold(text[at:], word) || at > 0 && wordByte(text[at-1]) {
		return text, false
	}
	return text[:at], true
}

// canonicalChoice is the normaliser choice: the whole text is one letter, A to
// Z, perhaps in brackets, emphasised or with a final mark; the result is the
// capital.
func canonicalChoice(text string) (string, bool) {
	s := strings.Trim(strings.TrimSpace(text), "*_`\"'")
	s = strings.TrimRight(s, ".:")
	switch {
	case len(s) == 3 && (s[0] == '(' && s[2] == ')' || s[0] == '[' && s[2] == ']'):
		s = s[1:2]
	case len(s) == 2 && s[1] == ')':
		s = s[:1]
	}
	if len(s) != 1 || !letterByte(s[0]) {
		return "", false
	}
	return strings.ToUpper(s), true
}
