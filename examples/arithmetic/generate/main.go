// Command generate writes the example data set to standard output:
//
//	go run ./examples/arithmetic/generate > examples/arithmetic/problems.jsonl
package main

import (
	"fmt"
	"os"

	"github.com/crucible-go/crucible/examples/arithmetic"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	b, err := arithmetic.JSONL(arithmetic.Problems, arithmetic.Seed)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(b)
	return err
}
