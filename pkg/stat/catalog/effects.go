package catalog

// effects holds sizes of effects.
func effects() []Entry {
	return nil
}
