package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/crucible-go/crucible/internal/store/chdb"
)

// TestMain makes this test binary the command as well: each `crucible` of a
// script is a process of its own, as the engine wants it.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"crucible":  main,
		"deaf":      deaf,
		"chat":      chat,
		"tattler":   tattler,
		"holders":   holders,
		"oldnats":   oldNATS,
		"oldhouse":  oldClickHouse,
		"nowhere":   nowhere,
		"fetch":     fetch,
		"listfiles": listFiles,
	})
}

// TestScripts runs the command as people and scripts do.
func TestScripts(t *testing.T) {
	testscript.Run(t, params(t, "testdata/script"))
}

// params are those of the scripts in a folder.
func params(t *testing.T, dir string) testscript.Params {
	t.Helper()
	lib, err := chdb.Locate("")
	if err != nil {
		t.Fatal(err)
	}
	problems, err := os.ReadFile("../../examples/arithmetic/problems.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	spec, err := os.ReadFile("../../examples/arithmetic.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv(chdb.LibPathEnv, lib)
			env.Setenv("HOME", env.WorkDir)
			return example(env.WorkDir, spec, problems)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":    exits,
			"times":    times,
			"start":    start,
			"signal":   signalTo,
			"ends":     ends,
			"until":    until,
			"query":    query,
			"change":   change,
			"repeat":   repeatText,
			"samefile": sameFile,
		},
	}
}
