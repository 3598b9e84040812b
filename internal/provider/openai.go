package provider

import (
	"context"
	"net/http"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// OpenAI's own address, and the variable that holds its key.
const (
	openAIURL    = "https://api.openai.com/v1/"
	openAIKeyEnv = "OPENAI_API_KEY"
)

// OpenAI asks a server that speaks the chat completions protocol. One request
// per Ask: the SDK's own retries are off, and nothing is read from the
// environment but the key and the HTTP proxy.
type OpenAI struct {
	*client
	sdk openai.Client
}

// OpenAIConfig describes a server that NewOpenAI asks.
type OpenAIConfig = ClientConfig

// NewOpenAI makes a provider for a server. Close it to drop its connections.
func NewOpenAI(c ClientConfig) (*OpenAI, error) {
	core, base, err := newClient(NameOpenAI, c, openAIURL)
	if err != nil {
		return nil, err
	}
	options := []option.RequestOption{
		option.WithBaseURL(base.String()),
		option.WithMaxRetries(0),
		option.WithHTTPClient(core.sdk()),
	}
	if !c.Key.Empty() {
		options = append(options, option.WithAPIKey(c.Key.Reveal()))
	}
	return &OpenAI{client: core, sdk: openai.Client{Options: options}}, nil
}

// Ask implements Provider.
func (o *OpenAI) Ask(ctx context.Context, r *Request) (*Reply, error) {
	if ctx.Err() != nil {
		return nil, ended(ctx, BilledNo)
	}
	body, err := chatRequest(r)
	if err != nil {
		return nil, unprocessable(o.scrub.message(err.Error()))
	}
	return o.exchange(ctx, r, chatDialect{}, func(ctx context.Context) error {
		var res *http.Response
		return o.sdk.Post(ctx, "chat/completions", body, &res)
	})
}
