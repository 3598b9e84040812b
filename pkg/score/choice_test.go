package score

import "testing"

func TestLastChoice(t *testing.T) {
	for in, want := range map[string]string{
		"B": "B", "b": "B", "B.": "B", "**B**": "B", "(B)": "B", "(b)": "B", "[c]": "C", "B) Paris": "B", "B. Paris": "B", "A. Lincoln": "A",
		"The answer is (b).": "B", "the answer is B": "B", "Answer: C": "C", "**Answer:** D": "D", "Answer: **D**": "D", "The correct answer is: A": "A",
		"Choice B is wrong, so the answer is C": "C", "I think it is D": "D", "(A) is wrong and (B) is right": "B",
		"The answer is (A), not (B)": "A", "A dog is an animal": "", "I do not know": "", "A dog, hence C": "C",
		"Option A, then answer B": "B", "It's C": "C", "vitamin C": "C", "The answer is A": "A", "a": "A", "K": "", "no": "", "": "",
		"We take A\nbecause": "A", "plan B's cost": "", "answer is Paris": "",
	} {
		got, ok := lastChoice(in)
		if got != want || ok != (want != "") {
			t.Errorf("%q = %q, %v; want %q", in, got, ok, want)
		}
	}
}

func TestCanonicalChoice(t *testing.T) {
	for in, want := range map[string]string{
		"B": "B", "b": "B", " (b) ": "B", "[B]": "B", "B.": "B", "B)": "B", "B:": "B", "**B**": "B", "`b`": "B", "(B).": "B",
	} {
		if got, ok := canonicalChoice(in); got != want || !ok {
			t.Errorf("%q = %q, %v; want %q", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "BC", "1", "(B", "B) Paris", "é", "()", "B or C", "((B))"} {
		if got, ok := canonicalChoice(in); ok {
			t.Errorf("%q = %q, but it is not one letter", in, got)
		}
	}
}

func TestLowercaseTrim(t *testing.T) {
	for in, want := range map[string]string{
		" Paris\n": "paris", "PARIS.": "paris.", "New  York": "new  york", "-5": "-5", "\u00a0É\u2003": "é", "e\u0301": "é", "E\u0301": "é",
		"ΣΑΣ": "σας", "Å": "å", "北京": "北京", "STRASSE": "strasse",
	} {
		if got, ok := lowercaseTrim(in); got != want || !ok {
			t.Errorf("%q = %q, %v; want %q", in, got, ok, want)
		}
	}
	for _, in := range []string{"", " ", "\u00a0\t\r\n"} {
		if got, ok := lowercaseTrim(in); ok || got != "" {
			t.Errorf("%q = %q, %v", in, got, ok)
		}
	}
}
