package limiter

// counts are what has happened in a pool since it was made.
type counts struct{ granted, refused, limited uint64 }
