package simulate_test

import (
	"io"
	"strings"
	"testing"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/internal/provider/providertest"
	"github.com/crucible-go/crucible/internal/provider/simulate"
)

// Every provider that has a protocol of its own keeps the contract at the
// simulation server, whole and streamed.
func TestProvidersKeepTheContractHere(t *testing.T) {
	s := run(t, simulate.Config{Answers: answers(t), Key: provider.NewSecret(providertest.Key), Models: models(t,
		"id=good", "id=slow,p50=10m", "id=broken,server_error=1", "id=busy,overloaded=1", "id=full,rate_limited=1", "id=cut,truncated=1",
		"id=shy,refusal=1", "id=mute,empty=1", "id=garbled,malformed=1", "id=reset,connection=1", "id=half,half_stream=1", "id=limit,limit_text=1")})
	root := strings.TrimSuffix(s.URL(), "/v1")
	config := func(url string) provider.ClientConfig {
		return provider.ClientConfig{BaseURL: url, Key: provider.NewSecret(providertest.Key)}
	}
	type opened interface {
		provider.Provider
		io.Closer
	}
	for name, open := range map[string]func() (opened, error){
		"openai":    func() (opened, error) { return provider.NewOpenAI(config(s.URL())) },
		"anthropic": func() (opened, error) { return provider.NewAnthropic(config(root)) },
		"google":    func() (opened, error) { return provider.NewGoogle(config(root)) },
	} {
		for _, stream := range []bool{false, true} {
			request := func(model string) *provider.Request {
				r := ask(model, "Capital of France?")
				r.Order.Stream = stream
				return r
			}
			failing := map[string]*provider.Request{
				provider.ClassServerError:    request("broken"),
				provider.ClassRateLimited:    request("full"),
				provider.ClassNotFound:       request("unknown"),
				provider.ClassTruncated:      request("cut"),
				provider.ClassEmptyReply:     request("mute"),
				provider.ClassMalformedReply: request("garbled"),
			}
			if name != "google" {
				failing[provider.ClassRefusal] = request("shy") // it has no word for it
			}
			kind := "/whole"
			if stream {
				kind = "/streamed"
			}
			t.Run(name+kind, func(t *testing.T) {
				providertest.Exercise(t, providertest.Subject{
					Open: func(t *testing.T) (provider.Provider, io.Closer) {
						p, err := open()
						if err != nil {
							t.Fatal(err)
						}
						return p, p
					},
					Answered: func(int) *provider.Request { return request("good") },
					Slow:     request("slow"), Deterministic: true, Failing: failing,
				})
				p, err := open()
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				for model, class := range map[string]string{"busy": provider.ClassServerError, "limit": provider.ClassRateLimited, "reset": provider.ClassConnection, "half": provider.ClassPartialReply} {
					if e := providertest.Failure(t, p, t.Context(), request(model)); e.Class != class || !e.Retryable {
						t.Errorf("%s: %+v", model, *e)
					}
				}
				if r := providertest.Answer(t, p, request("good")); r.Text != "Paris" || !r.Simulated || r.Served != "good" || r.Usage == nil || stream != (r.FirstTokenNS > 0) {
					t.Errorf("%+v", *r)
				}
			})
		}
	}
}
