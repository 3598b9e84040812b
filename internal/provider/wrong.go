package provider

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

var (
	lastNumber = regexp.MustCompile(`^(?s)(.*?)(-?\d[\d,]*(?:\.\d+)?)(\D*)$`)
	choice     = regexp.MustCompile(`^(\s*\(?)([A-Ea-e])(\)?\.?\s*)$`)
	labelled   = regexp.MustCompile(`^(?s)(.*(?:####|:)[ \t]*)(\S.*)$`)
)

// opposites are the answers that have one.
func opposite(word string) string {
	switch word {
	case "yes":
		return "no"
	case "no":
		return "yes"
	case "true":
		return "false"
	case "false":
		return "true"
	}
	return ""
}

// Wrong derives from the right answer one that a model might give instead; pick
// chooses among the possible ones. In order: another letter of a multiple
// choice, the opposite of yes, no, true and false, the last number a little
// off, "not …". What stands before the answer, such as "A: " or "#### ", stays,
// so that it is extracted like the right one. The result is never the right
// answer, also not as a number or in another case.
func Wrong(right string, pick uint64) string {
	head, answer := "", right
	if m := labelled.FindStringSubmatch(right); m != nil {
		head, answer = m[1], m[2]
	}
	if m := choice.FindStringSubmatch(answer); m != nil {
		return head + m[1] + otherLetter(m[2][0], pick) + m[3]
	}
	if o := opposite(strings.ToLower(strings.TrimSpace(answer))); o != "" {
		return head + o
	}
	if m := lastNumber.FindStringSubmatch(answer); m != nil {
		if off, ok := nearby(m[2], pick); ok {
			return head + m[1] + off + m[3]
		}
	}
	return head + "not " + answer
}

// otherLetter is one of the other letters of a choice among A to D, or A to E
// where the right one is E.
func otherLetter(right byte, pick uint64) string {
	first, n := byte('A'), uint64(4)
	if right >= 'a' {
		first = 'a'
	}
	if right-first == 4 {
		n = 5
	}
	return string(first + byte((uint64(right-first)+1+pick%(n-1))%n))
}

// nearby is a number close to the one given, which keeps its decimals.
func nearby(number string, pick uint64) (string, bool) {
	plain := strings.ReplaceAll(number, ",", "")
	x, ok := new(big.Rat).SetString(plain)
	if !ok {
		return "", false
	}
	decimals := 0
	if _, frac, found := strings.Cut(plain, "."); found {
		decimals = len(frac)
	}
	steps := []int64{1, -1, 2, -2, 10, -10, 5, 100}
	x.Add(x, new(big.Rat).SetInt64(steps[pick%uint64(len(steps))]))
	return x.FloatString(decimals), true
}

// answerText is the text of a simulated answer.
func answerText(expected string, correct bool, pick uint64) string {
	switch {
	case expected == "":
		return "simulated answer " + strconv.FormatUint(pick%10, 10)
	case correct:
		return expected
	}
	return Wrong(expected, pick)
}
