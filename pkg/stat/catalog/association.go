package catalog

// association holds association and agreement.
func association() []Entry {
	return nil
}
