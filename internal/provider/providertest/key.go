package providertest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// Key is what the tests use as a key. It is no one's, and easy to find.
const Key = "sk-sentinel/9f8e+7d6c=5b4a3210" // not a key

// Leak returns the form in which a text shows Key, "" where it does not: as it
// is, its first eight characters, percent-encoded, or in base64.
func Leak(text string) string {
	for _, form := range []string{
		Key, Key[:8], Key[8:],
		url.QueryEscape(Key), url.PathEscape(Key),
		base64.StdEncoding.EncodeToString([]byte(Key))[:12],
		base64.RawURLEncoding.EncodeToString([]byte("Bearer " + Key))[12:24],
		base64.StdEncoding.EncodeToString([]byte("user:" + Key))[12:24],
	} {
		if strings.Contains(text, form) {
			return form
		}
	}
	return ""
}

// NoKey fails the test where a value shows Key in any of its printed forms.
func NoKey(t *testing.T, what string, v any) {
	t.Helper()
	forms := []string{fmt.Sprint(v), fmt.Sprintf("%+v", v), fmt.Sprintf("%#v", v), fmt.Sprintf("%q", v), fmt.Sprintf("%s", v)}
	if b, err := json.Marshal(v); err == nil {
		forms = append(forms, string(b))
	}
	if err, ok := v.(error); ok {
		forms = append(forms, err.Error())
	}
	for _, text := range forms {
		if form := Leak(text); form != "" {
			t.Errorf("%s shows the key as %q", what, form)
			return
		}
	}
}
