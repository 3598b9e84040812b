package app

import "testing"

func TestAgreement(t *testing.T) {
	const was = `{"p": 0.0018310546874999857, "n": [40, 2], "test": "mcnemar_exact"}`
	for name, c := range map[string]struct {
		now string
		ok  bool
	}{
		"the same":            {was, true},
		"another order":       {`{"test": "mcnemar_exact", "n": [40, 2], "p": 0.0018310546874999857}`, true},
		"the last digits":     {`{"p": 0.0018310546875, "n": [40, 2], "test": "mcnemar_exact"}`, true},
		"the ninth digit":     {`{"p": 0.00183105469, "n": [40, 2], "test": "mcnemar_exact"}`, false},
		"a count":             {`{"p": 0.0018310546875, "n": [41, 2], "test": "mcnemar_exact"}`, false},
		"a text":              {`{"p": 0.0018310546875, "n": [40, 2], "test": "mcnemar"}`, false},
		"a member more":       {`{"p": 0.0018310546875, "n": [40, 2], "test": "mcnemar_exact", "x": 1}`, false},
		"another member":      {`{"p": 0.0018310546875, "m": [40, 2], "test": "mcnemar_exact"}`, false},
		"an element less":     {`{"p": 0.0018310546875, "n": [40], "test": "mcnemar_exact"}`, false},
		"a number as text":    {`{"p": "0.0018310546875", "n": [40, 2], "test": "mcnemar_exact"}`, false},
		"another sign":        {`{"p": -0.0018310546875, "n": [40, 2], "test": "mcnemar_exact"}`, false},
		"beyond any number":   {`{"p": 1e999, "n": [40, 2], "test": "mcnemar_exact"}`, false},
		"not a document":      {`{"p": 0.00183`, false},
		"an object as a list": {`[0.0018310546875, [40, 2], "mcnemar_exact"]`, false},
	} {
		if worst, ok := agreement([]byte(was), []byte(c.now)); ok != c.ok {
			t.Errorf("%s: agreement %v (%g), want %v", name, ok, worst, c.ok)
		}
	}
}

func TestFromOtherCode(t *testing.T) {
	for _, c := range []struct {
		theirs, ours string
		want         bool
	}{
		{"v1.0.0", "v1.0.0", false},
		{"v1.0.0", "v1.0.1", true},
		{devel, devel, true}, // names no code
		{devel, "v1.0.0", true},
	} {
		if got := fromOtherCode(c.theirs, c.ours); got != c.want {
			t.Errorf("%s against %s: %v", c.theirs, c.ours, got)
		}
	}
}
