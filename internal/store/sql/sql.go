// Package sql holds every SQL statement of the store.
package sql

import "embed"

// Files are migrate/*.sql, one statement each, applied in order of their
// numbers, and query/*.sql.
//
//go:embed migrate/*.sql query/*.sql
var Files embed.FS

// Query is the text of query/<name>.sql. It panics if there is none: names are
// constants of the store.
func Query(name string) string {
	b, err := Files.ReadFile("query/" + name + ".sql")
	if err != nil {
		panic("sql: " + err.Error())
	}
	return string(b)
}
