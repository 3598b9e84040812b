package experiment

// NewPool is the pool of a provider at an address with a key, as a service
// declares it: it has the name that specs give to the same pool, and the
// provider's usual concurrency.
func NewPool(provider, baseURL, keyEnv string, command []string) Pool {
	m := Model{Provider: provider, BaseURL: baseURL, APIKeyEnv: keyEnv, Command: command}
	return Pool{
		Name:        m.pool(),
		Provider:    provider,
		BaseURL:     baseURL,
		KeyEnv:      keyEnv,
		Command:     command,
		Concurrency: defaultConcurrency(provider),
	}
}
