package providertest_test

import (
	"encoding/base64"
	"net/url"
	"testing"

	"github.com/crucible-go/crucible/internal/provider/providertest"
)

// The suite is worth nothing unless it sees a key that is shown.
func TestLeakSeesEveryForm(t *testing.T) {
	for _, text := range []string{
		"key=" + providertest.Key + "!",
		"invalid key " + providertest.Key[:8] + "****",
		"https://host/?key=" + url.QueryEscape(providertest.Key),
		"https://host/" + url.PathEscape(providertest.Key),
		"Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+providertest.Key)),
		base64.StdEncoding.EncodeToString([]byte(providertest.Key)),
		base64.URLEncoding.EncodeToString([]byte("Bearer " + providertest.Key)),
	} {
		if providertest.Leak(text) == "" {
			t.Errorf("%q is not seen", text)
		}
	}
	if form := providertest.Leak("HTTP 401: the key [redacted] is wrong"); form != "" {
		t.Errorf("sees %q where nothing is", form)
	}
}
