package catalog

// evaluation holds evaluations of models.
func evaluation() []Entry {
	return nil
}
