package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// An address that is refused or shown never gives its secrets away.
func TestAddressesKeepSecrets(t *testing.T) {
	const secret = "s3cr3tXYZ"
	rapid.Check(t, func(t *rapid.T) {
		junk := rapid.StringMatching(`[a-z0-9:/?#@%,\[\] .-]{0,12}`)
		url := junk.Draw(t, "scheme") + rapid.SampledFrom([]string{"://", ":", ""}).Draw(t, "colon") +
			rapid.SampledFrom([]string{"me:" + secret + "@", secret + "@", ":" + secret + "@"}).Draw(t, "user") + junk.Draw(t, "rest") +
			rapid.SampledFrom([]string{"", "?password=" + secret, "/db?api_key=" + secret, ",nats://me:" + secret + "@other"}).Draw(t, "query")
		c := Config{NATS: url, ClickHouse: url, Getenv: os.Getenv}
		if err := c.Check(); err != nil && strings.Contains(err.Error()+Hint(err), secret) {
			t.Fatalf("%q: %v", url, err)
		}
		if e := c.Effective(); strings.Contains(e.NATS+e.ClickHouse+e.Text(), secret) {
			t.Fatalf("%q is shown as %q", url, e.NATS)
		}
	})
}

func TestCheck(t *testing.T) {
	for _, c := range []struct{ nats, house, want string }{
		{"", "", ""},
		{"nats://127.0.0.1:4222", "clickhouse://user:pass@h1:9000,h2:9000/db?secure=true", ""},
		{"nats://a,tls://b:1,wss://[::1]:443", "https://h/db", ""},
		{"127.0.0.1:4222", "", "--nats: this is not a URL"},
		{"nats://a,,nats://b", "", "--nats: this is not a URL"},
		{"nats://a:b", "", "--nats: this is not a URL"},
		{"nats://a:0", "", "--nats: the port of a is not a number from 1 to 65535"},
		{"nats://:4222", "", "--nats: the URL names no host"},
		{"http://a", "", `--nats: the scheme "http" is not one of nats, tls, ws, wss`},
		{"", "mysql://a", `--clickhouse: the scheme "mysql" is not one of clickhouse, tcp, native, http, https`},
		{"", "h:9000", "--clickhouse: this is not a URL"},
	} {
		err := Config{NATS: c.nats, ClickHouse: c.house}.Check()
		got := ""
		if err != nil {
			got = err.Error()
		}
		var usage *UsageError
		if got != c.want || err != nil && !errors.As(err, &usage) {
			t.Errorf("%q, %q: %q, want %q", c.nats, c.house, got, c.want)
		}
	}
}

// Every key of a configuration file may be given, alone or with all others, and
// every other is refused.
func TestFileKeys(t *testing.T) {
	write := func(text string) string {
		name := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	f, err := ReadFile(write("data: d\nout: o\nnats: n\nclickhouse: c\nworkers: 1\nservices: [caller]\nhttp: h\ndata_root: r\n" +
		"log: {durability: interval, replicas: 3, max_bytes: 9, min_free: 8, ca_file: a, cert_file: b, key_file: c, creds_file: d}\n" +
		"pools: [{name: p, provider: openai, base_url: 'http://h', api_key_env: K, command: [x], concurrency: 2, rpm: 3, tpm: 4}]\n"))
	if err != nil || f.Log.MinFree != 8 || f.Pools[0].TPM != 4 || f.Flags()["data-root"] != "r" || f.Flags()["workers"] != "1" {
		t.Fatalf("%+v, %v", f, err)
	}
	for text, want := range map[string]string{
		"dta: d":                     "did you mean data?",
		"log: {durabilty: always}":   "did you mean durability?",
		"pools: [{concurency: 1}]":   "did you mean concurrency?",
		"log: {min_fre: 1}":          "did you mean min_free?",
		"pools: [{provider: opena}]": "one of ",
	} {
		_, err := ReadFile(write(text))
		if hint := Hint(err); err == nil || !strings.HasPrefix(hint, want) {
			t.Errorf("%s: %v, hint %q, want %q", text, err, hint, want)
		}
	}
	if f, err := ReadFile(write("")); err != nil || f.Data != "" {
		t.Errorf("an empty file: %v", err)
	}
}
