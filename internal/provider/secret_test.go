package provider

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/pkg/events"
)

const sentinel = "sk-sentinel/9f8e+7d6c=5b4a3210" // not a key

func TestSecretIsNeverPrinted(t *testing.T) {
	type hidden struct {
		s Secret
		p *Secret
	}
	type shown struct {
		S Secret
		P *Secret
		M map[string]Secret
	}
	s := NewSecret(sentinel)
	values := []any{s, &s, []Secret{s}, shown{s, &s, map[string]Secret{"k": s}}, &shown{S: s}, hidden{s, &s}, &hidden{s: s}, []hidden{{s: s}}, fmt.Errorf("bad: %v", s)}
	var out bytes.Buffer
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10.3s"} {
			fmt.Fprintf(&out, verb, v)
		}
		for _, encode := range []func(any) ([]byte, error){json.Marshal, xml.Marshal, yaml.Marshal} {
			if b, err := encode(v); err == nil {
				out.Write(b)
			}
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		log := zerolog.New(&out)
		log.Info().Interface("v", v).Any("w", v).Msg("x")
	}
	text := out.String()
	for _, form := range []string{sentinel, sentinel[:8], sentinel[10:], fmt.Sprintf("%x", sentinel), fmt.Sprintf("%X", sentinel), fmt.Sprint([]byte(sentinel)), base64.StdEncoding.EncodeToString([]byte(sentinel))} {
		if strings.Contains(text, form) {
			t.Errorf("printed as %q", form)
		}
	}
	if s.Reveal() != sentinel || s.Empty() || !NewSecret("").Empty() || !(Secret{}).Empty() || (Secret{}).Reveal() != "" {
		t.Error("the value is lost")
	}
}

// No secret can be reached from what is published.
func TestSecretIsInNoEvent(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(path string, typ reflect.Type)
	walk = func(path string, typ reflect.Type) {
		if typ == reflect.TypeFor[Secret]() {
			t.Errorf("%s holds a secret", path)
		}
		if seen[typ] {
			return
		}
		seen[typ] = true
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			walk(path, typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				walk(path+"."+typ.Field(i).Name, typ.Field(i).Type)
			}
		}
	}
	for _, v := range []any{events.Event{}, events.CallRequested{}, events.CallStarted{}, events.CallCompleted{}, events.RunPlanned{}, events.DeadLetter{}, Request{}, Reply{}, Error{}, Pool{}} {
		walk(reflect.TypeOf(v).Name(), reflect.TypeOf(v))
	}
}

func TestMessagesAreScrubbed(t *testing.T) {
	c := newScrubber(NewSecret(sentinel))
	for text, want := range map[string]string{
		"key " + sentinel + " is bad":                        "key [redacted] is bad",
		"at ?q=" + url.QueryEscape(sentinel) + "&x=1":        "at ?q=[redacted]&x=1",
		"at /" + url.PathEscape(sentinel) + "/x":             "at /[redacted]/x",
		"key sk-senti***3210, sorry":                         "key [redacted], sorry",
		"other key sk-proj-abcdef0123456789":                 "other key [redacted]",
		"Authorization: Bearer abc.def":                      "Authorization: [redacted]",
		"GET https://h/p?api_key=zzz&y=1":                    "GET https://h/p?api_key=[redacted]&y=1",
		"dial https://user:pass@host/":                       "dial https://[redacted]@host/",
		"bell \a nul \x00 tab \t":                            "bell   nul   tab \t",
		"not UTF-8 \xff\xfe.":                                "not UTF-8 \uFFFD.",
		"plain: nothing to see, at http://127.0.0.1:80/v1/x": "plain: nothing to see, at http://127.0.0.1:80/v1/x",
	} {
		if got := c.message(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	for lead := range 4 {
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			text := enc.EncodeToString([]byte(strings.Repeat("u", lead) + sentinel + "tail"))
			if got := c.message(text); !strings.Contains(got, redacted) || len(got) > len(redacted)+lead+16 {
				t.Errorf("base64 with %d bytes before: %q", lead, got)
			}
		}
	}
}

func TestMessagesAreFitToBeStored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[A-Za-z0-9/+=_-]{4,60}`).Draw(t, "key")
		part := rapid.OneOf(rapid.String(), rapid.Just(key), rapid.Just(url.QueryEscape(key)), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
		text := strings.Repeat(strings.Join(rapid.SliceOf(part).Draw(t, "parts"), " "), rapid.IntRange(1, 40).Draw(t, "times"))
		got := newScrubber(NewSecret(key)).message(text)
		if len(got) > maxMessage || !utf8.ValidString(got) {
			t.Fatalf("%d bytes: %q", len(got), got)
		}
		if !strings.Contains(redacted, key) && strings.Contains(got, key) {
			t.Fatalf("%q shows %q", got, key)
		}
	})
}
