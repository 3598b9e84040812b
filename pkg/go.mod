module github.com/crucible-go/crucible/pkg

go 1.26.0

require (
	github.com/goccy/go-yaml v1.19.2
	github.com/mailru/easyjson v0.9.2
	github.com/shopspring/decimal v1.6.0
	golang.org/x/text v0.43.0
	gonum.org/v1/gonum v0.17.0
	pgregory.net/rapid v1.3.0
)

require github.com/josharian/intern v1.0.0 // indirect
