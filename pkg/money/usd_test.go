package money

import (
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestParseWritesCanonically(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "0.00": "0", "+1": "1", "1": "1", "01.50": "1.5", "-2.500": "-2.5", "100": "100",
		"0.000000000001": "0.000000000001", "12345678901234567890.123456789012": "12345678901234567890.123456789012",
		"0.15": "0.15", "5.00": "5",
	} {
		got, err := Parse(in)
		if err != nil || got.String() != want {
			t.Errorf("Parse(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{
		"", " ", "-", "+", ".", "1.", ".5", "1e3", "1E-3", "1,000", "$1", "1 ", " 1", "0x1", "NaN", "Inf", "--1", "1.2.3", "１",
		"0.0000000000001", "1_0", "1000000000000000000000000000000000000000000000000000",
	} {
		if got, err := Parse(in); !errors.Is(err, ErrSyntax) || !got.IsZero() {
			t.Errorf("Parse(%q) = %v, %v", in, got, err)
		}
	}
}

func TestZeroValue(t *testing.T) {
	var none USD
	if none.String() != "0" || !none.IsZero() || none.Add(none).String() != "0" || none.Cmp(none) != 0 || none.Float64() != 0 {
		t.Errorf("the zero value is %q", none)
	}
	one := must(t, "1")
	if got := none.Sub(one).String(); got != "-1" {
		t.Errorf("0 - 1 = %s", got)
	}
	if got := none.Add(one).Cmp(one); got != 0 {
		t.Errorf("0 + 1 compares as %d with 1", got)
	}
}

func must(t *testing.T, s string) USD {
	t.Helper()
	u, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestPerMillion(t *testing.T) {
	for _, c := range []struct {
		price  string
		tokens int64
		want   string
	}{
		{"0.15", 0, "0"}, {"0", 1000, "0"}, {"0.15", 1, "0.00000015"}, {"0.60", 50, "0.00003"}, {"2.5", 1_000_000, "2.5"},
		{"15", 123_456_789, "1851.851835"},
		// The thirteenth place is a five: half to even, either way.
		{"0.0000005", 1, "0"}, {"0.0000015", 1, "0.000000000002"}, {"0.0000025", 1, "0.000000000002"}, {"0.00000251", 1, "0.000000000003"},
		{"-0.0000015", 1, "-0.000000000002"},
		{"0.000000000001", 9_223_372_036_854_775_807, "9.223372036855"},
	} {
		if got := PerMillion(must(t, c.price), c.tokens).String(); got != c.want {
			t.Errorf("%d tokens at %s = %s, want %s", c.tokens, c.price, got, c.want)
		}
	}
}

// amounts draws amounts as whole numbers of 10⁻¹² dollars.
func amounts() *rapid.Generator[*big.Int] {
	return rapid.Custom(func(t *rapid.T) *big.Int {
		v := big.NewInt(rapid.Int64().Draw(t, "v"))
		return v.Mul(v, big.NewInt(rapid.Int64Range(1, 1_000_000).Draw(t, "scale")))
	})
}

// dollars writes a whole number of 10⁻¹² dollars.
func dollars(v *big.Int) string { return new(big.Rat).SetFrac(v, big.NewInt(1e12)).FloatString(Places) }

func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := amounts().Draw(t, "a"), amounts().Draw(t, "b")
		x, err := Parse(dollars(a))
		if err != nil {
			t.Fatal(err)
		}
		y, err := Parse(dollars(b))
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Parse(x.String()); err != nil || again.Cmp(x) != 0 || again.String() != x.String() {
			t.Fatalf("%s reads as %v, %v", x, again, err)
		}
		sum, err := Parse(dollars(new(big.Int).Add(a, b)))
		if err != nil {
			t.Fatal(err)
		}
		if x.Add(y).String() != sum.String() || y.Add(x).Cmp(sum) != 0 || sum.Sub(y).Cmp(x) != 0 {
			t.Fatalf("%s + %s = %s, want %s", x, y, x.Add(y), sum)
		}
		if x.Cmp(y) != a.Cmp(b) || x.IsZero() != (a.Sign() == 0) {
			t.Fatalf("%s and %s compare as %d", x, y, x.Cmp(y))
		}
	})
}

// FuzzParse: what is accepted is written canonically and reads as the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"0", "1.50", "-0.000", "1e9", "0.0000000000001", "+7"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := Parse(s)
		if err != nil {
			return
		}
		again, err := Parse(u.String())
		if err != nil || again.Cmp(u) != 0 || again.String() != u.String() {
			t.Errorf("%q is %s, which is %s, %v", s, u, again, err)
		}
	})
}

func BenchmarkPerMillion(b *testing.B) {
	price, err := Parse("0.15")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = PerMillion(price, 512).String()
	}
}

func BenchmarkAddZero(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		zero, err := Parse("0")
		if err != nil {
			b.Fatal(err)
		}
		_ = zero.Add(zero).String()
	}
}
