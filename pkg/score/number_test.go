package score

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCanonicalNumber(t *testing.T) {
	for in, want := range map[string]string{
		"18": "18", " 18\t": "18", "18.": "18", "18.0": "18", "$18": "18", "$ 18": "18", "18$": "18", "18 €": "18", "$18.": "18",
		"18%": "18", "18 %.": "18", "+18": "18", "-18": "-18", "−18": "-18", "-$18": "-18", "$-18": "-18", "0018": "18",
		"1,234.50": "1234.5", "12,345,678": "12345678", "-0": "0", "-0.00": "0", "0": "0", ".5": "0.5", "-.50": "-0.5", "5.e1": "50",
		"1e3": "1000", "1.5E-3": "0.0015", "12e-1": "1.2", "1e+2": "100", "0e5": "0", "1,000e3": "1000000",
		"9007199254740993": "9007199254740993", "0.1000000000000000055": "0.1000000000000000055",
		"1e308": "1" + strings.Repeat("0", 308),
	} {
		if got, ok := canonicalNumber(in); got != want || !ok {
			t.Errorf("%q = %q, %v; want %q", in, got, ok, want)
		}
	}
	for _, in := range []string{
		"", " ", ".", "-", "$", "%", "1,5", "1,23", "1,2345", ",123", "1,,234", "1234,567", "1,234,56", "1.2.3", "1.234,5", "1.5,000",
		"1 2", "1 234", "1/5", "12:30", "10+5", "--1", "-$-1", "+-1", "1-", "- 1", "18..", "18%%", "$18%", "$18$", "%18", "18 apples",
		"x1", "1x", "1e", "1e309", "1e-309", "1e99999999999999999999", "1e1.5", "e5", "1e3e3", "NaN", "Inf", "0x10", "1_000", "１８", "٣",
		"(18)", "18\n19", "-1.8 billion", "⅕", "1e−3",
	} {
		if got, ok := canonicalNumber(in); ok {
			t.Errorf("%q = %q, but it is not one number", in, got)
		}
	}
}

// TestCanonicalNumberIsExact: two numbers have the same canonical text if and
// only if they are the same number, to the last digit.
func TestCanonicalNumberIsExact(t *testing.T) {
	number := rapid.StringMatching(`-?[0-9]{1,25}(\.[0-9]{1,25})?(e-?[0-9]{1,2})?`) // larger exponents are refused
	rapid.Check(t, func(t *rapid.T) {
		a := number.Draw(t, "a")
		b := rapid.OneOf(number, rapid.Just(a+"0"), rapid.Just("0"+a), rapid.Just(a+"e0")).Draw(t, "b")
		x, okA := canonicalNumber(a)
		y, okB := canonicalNumber(b)
		p, okP := new(big.Rat).SetString(a)
		q, okQ := new(big.Rat).SetString(b)
		if okA && !okP || okB && !okQ {
			t.Fatalf("%q: %v, %q: %v", a, okA, b, okB)
		}
		if okA && okB && (x == y) != (p.Cmp(q) == 0) {
			t.Fatalf("%q is %q, %q is %q", a, x, b, y)
		}
		if back, ok := new(big.Rat).SetString(x); okA && (!ok || back.Cmp(p) != 0) {
			t.Fatalf("%q is %q", a, x)
		}
	})
}

func TestLastNumber(t *testing.T) {
	for in, want := range map[string]string{
		"Step 1 gives 6, so the answer is 42": "42",
		"16-3=13":                             "13", "16 - 3": "3", "16-3": "3", "it fell to -3": "-3", "(-3)": "-3", "=-3": "-3", "x = -3.5": "-3.5",
		"it costs $1,234.50.": "$1,234.50", "a loss of -$5": "-$5", "a loss of $-5": "$-5", "€7 and £8": "£8", "3, 4, 5": "5", "1,2,3": "1,2,3",
		"about 1,5 litres": "1,5", "18%": "18%", "18 % of CO2": "18", "so .5": ".5", "so -.5": "-.5", "v1.5": "", "1.5e-3 m": "1.5e-3",
		"5 eggs": "5", "5e": "5", "12 and 3/4": "3/4", "one_2": "", "−7": "−7", "no number": "", "": "", "7.": "7", "2026-11-23": "23",
		"100%-5": "5", "A5": "",
	} {
		got, ok := lastNumber(in)
		if got != want || ok != (want != "") {
			t.Errorf("%q = %q, %v; want %q", in, got, ok, want)
		}
	}
}

func TestLastMarked(t *testing.T) {
	for in, want := range map[string]string{
		"9*2\n#### 18": "18", "####18": "18", "#### -1,234.5": "-1,234.5", "#### $5": "$5", "A: 18": "18", "A:18.": "18", "A: 3\n#### 4": "4",
		"#### 4\nA: 3": "3", "#### 4\nA: unknown": "4", "DATA: 5": "", "#### none": "", "A: 1/5": "1/5", "A: 5\nDATA: 6": "5", "": "",
		"##### 7": "7", "A:\t8": "8",
	} {
		got, ok := lastMarked(in)
		if got != want || ok != (want != "") {
			t.Errorf("%q = %q, %v; want %q", in, got, ok, want)
		}
	}
}
