package experiment

// NewPool is the pool of a provider at an address with a key, as a service
// declares it: it has the name that specs give to the same pool, and the
// provider's usual concurrency.
func NewPool(provider, baseURL, keyEnv string, command []string) Pool {
	return NamedPool(Pool{Provider: provider, BaseURL: baseURL, KeyEnv: keyEnv, Command: command})
}

// NamedPool gives a pool the name that specs give to the same pool, and the
// provider's usual concurrency where it says none.
func NamedPool(p Pool) Pool {
	m := Model{Provider: p.Provider, BaseURL: p.BaseURL, APIKeyEnv: p.KeyEnv, APIKeyFile: p.KeyFile, HTTP: p.HTTP, Command: p.Command}
	p.Name = m.pool()
	if p.Concurrency == 0 {
		p.Concurrency = defaultConcurrency(p.Provider)
	}
	return p
}
