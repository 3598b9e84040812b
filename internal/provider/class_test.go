package provider_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/crucible-go/crucible/internal/provider"
)

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// The table of the documentation is that of the code, and has every class.
func TestClassesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/providers.md")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	seen := map[string]bool{}
	for _, c := range provider.Classes() {
		_, _ = fmt.Fprintf(&table, "| `%s` | %s | %s | %s | %s | %s |\n", c.Class, c.Meaning, c.Retryable, c.Billed, yes(c.Breaker), yes(c.StopsPool))
		if info, ok := provider.ClassOf(c.Class); !ok || info != c || seen[c.Class] {
			t.Errorf("%s: %+v", c.Class, info)
		}
		seen[c.Class] = true
	}
	if !strings.Contains(string(doc), table.String()) {
		t.Errorf("docs/providers.md does not have the table\n%s", table.String())
	}
	if _, ok := provider.ClassOf("nonsense"); ok {
		t.Error("an unknown class is known")
	}
	file, err := parser.ParseFile(token.NewFileSet(), "class.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(v.Names[0].Name, "Class") {
			if value := strings.Trim(v.Values[0].(*ast.BasicLit).Value, `"`); !seen[value] {
				t.Errorf("%s is not in the table", value)
			}
		}
		return true
	})
}
