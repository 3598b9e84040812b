package store

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCheckVersion(t *testing.T) {
	for _, v := range []string{"25.3.1.2", "25.12", "26.7.2.1", "100.1"} {
		if err := checkVersion(v); err != nil {
			t.Errorf("%s: %v", v, err)
		}
	}
	for _, v := range []string{"25.2.9.9", "24.12.1", "18.16.1", "", "x.y"} {
		if err := checkVersion(v); err == nil || !strings.Contains(err.Error(), "25.3 or newer") {
			t.Errorf("%s: %v", v, err)
		}
	}
}

// TestTokensOfDifferentRowsDiffer: a token that two different inserts share
// would make ClickHouse drop the second without a word.
func TestTokensOfDifferentRowsDiffer(t *testing.T) {
	row := rapid.Custom(func(t *rapid.T) Row {
		text := rapid.StringN(0, 3, 6)
		return Row{
			ID: text.Draw(t, "id"), Run: text.Draw(t, "run"), Kind: text.Draw(t, "kind"), Source: text.Draw(t, "source"),
			Subject: text.Draw(t, "subject"), Cause: text.Draw(t, "cause"), Query: text.Draw(t, "query"), Call: text.Draw(t, "call"),
			Condition: text.Draw(t, "condition"), Item: text.Draw(t, "item"), Member: text.Draw(t, "member"), Model: text.Draw(t, "model"),
			Repeat: rapid.Uint32().Draw(t, "repeat"), Seq: rapid.Uint64().Draw(t, "seq"),
			Time:    time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "s"), rapid.Int64Range(0, 999999999).Draw(t, "ns")),
			Payload: []byte(text.Draw(t, "payload")),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(row, 1, 4).Draw(t, "rows")
		base := token("", rows)
		if token("", rows) != base {
			t.Fatal("one list of rows has two tokens")
		}
		if token("2026", rows) == base {
			t.Fatal("a removal does not change the token")
		}
		for i := range rows {
			for name, change := range map[string]func(*Row){
				"id": func(r *Row) { r.ID += "x" }, "run": func(r *Row) { r.Run += "x" }, "kind": func(r *Row) { r.Kind += "x" },
				"source": func(r *Row) { r.Source += "x" }, "subject": func(r *Row) { r.Subject += "x" }, "cause": func(r *Row) { r.Cause += "x" },
				"query": func(r *Row) { r.Query += "x" }, "call": func(r *Row) { r.Call += "x" }, "condition": func(r *Row) { r.Condition += "x" },
				"item": func(r *Row) { r.Item += "x" }, "member": func(r *Row) { r.Member += "x" }, "model": func(r *Row) { r.Model += "x" },
				"repeat": func(r *Row) { r.Repeat++ }, "seq": func(r *Row) { r.Seq++ }, "time": func(r *Row) { r.Time = r.Time.Add(1) },
				"payload": func(r *Row) { r.Payload = append([]byte{0}, r.Payload...) },
				"border":  func(r *Row) { r.Run, r.ID = r.Run+r.ID, "" },
			} {
				other := append([]Row(nil), rows...)
				change(&other[i])
				if (name != "border" || rows[i].ID != "") && token("", other) == base {
					t.Fatalf("a change of %s in row %d does not change the token", name, i)
				}
			}
		}
		if token("", rows[:len(rows)-1]) == base || token("", append(rows[:len(rows):len(rows)], rows[0])) == base {
			t.Fatal("another number of rows has the same token")
		}
	})
}

func TestMigrationsAreNumberedInOrder(t *testing.T) {
	all, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range all {
		if int(m.version) != i+1 {
			t.Errorf("migration %s is number %d in the folder", m.name, i+1)
		}
	}
}
