// Package adr_test checks that the decisions are listed and have their parts.
package adr_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func records(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("[0-9]*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no records: %v", err)
	}
	return files
}

func TestIndexListsEveryRecord(t *testing.T) {
	var listed []string
	for _, m := range regexp.MustCompile(`(?m)^\| \[(\d{4})\]\(([^)]+)\) \| \S.* \|$`).FindAllStringSubmatch(read(t, "README.md"), -1) {
		if !strings.HasPrefix(m[2], m[1]+"-") {
			t.Errorf("number %s names %s", m[1], m[2])
		}
		listed = append(listed, m[2])
	}
	if files := records(t); !slices.Equal(listed, files) {
		t.Errorf("the index lists %q, the folder has %q", listed, files)
	}
}

func TestRecordsHaveTheirParts(t *testing.T) {
	for i, file := range records(t) {
		text := read(t, file)
		number := file[:4]
		if !strings.HasPrefix(text, "# "+number+": ") {
			t.Errorf("%s: the title does not begin with its number", file)
		}
		if want := "000" + string(rune('1'+i)); i < 9 && number != want {
			t.Errorf("%s: the number after the one before it is %s", file, want)
		}
		at := 0
		for _, part := range []string{"## Context", "## Decision", "## Consequences", "## Rejected"} {
			next := strings.Index(text, "\n"+part+"\n")
			if next < at {
				t.Errorf("%s: no %q in its place", file, part)
			}
			at = next
		}
		if n := strings.Count(text, "\n"); n > 90 {
			t.Errorf("%s: %d lines are more than a page", file, n)
		}
	}
}
