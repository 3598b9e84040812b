package ensemble

import (
	"cmp"
	"slices"
)

// distinct returns the ballots sorted by Order, one per call. Ballots of one
// call are the same by the log's promise; should they differ all the same, the
// least of them counts, whichever came first.
func distinct(ballots []Ballot) []Ballot {
	if tidy(ballots) {
		return ballots
	}
	set := slices.Clone(ballots)
	slices.SortFunc(set, func(a, b Ballot) int {
		if a.Call != b.Call {
			return cmp.Compare(a.Call, b.Call)
		}
		return rank(a, b)
	})
	set = slices.CompactFunc(set, func(a, b Ballot) bool { return a.Call == b.Call })
	slices.SortFunc(set, rank)
	return set
}

// tidy reports whether ballots are few, sorted by Order and of different calls.
func tidy(ballots []Ballot) bool {
	if len(ballots) > 16 {
		return false
	}
	for i := 1; i < len(ballots); i++ {
		if ballots[i-1].Order >= ballots[i].Order {
			return false
		}
		for j := range i {
			if ballots[j].Call == ballots[i].Call {
				return false
			}
		}
	}
	return true
}

// rank compares ballots by Order, then by everything else, so that the order of
// a set of ballots is total.
func rank(a, b Ballot) int {
	if a.Order != b.Order {
		return cmp.Compare(a.Order, b.Order)
	}
	return cmp.Or(
		cmp.Compare(a.Call, b.Call),
		cmp.Compare(a.Member, b.Member),
		cmp.Compare(a.Outcome, b.Outcome),
		cmp.Compare(a.Answer, b.Answer),
		compareBool(a.Valid, b.Valid),
		compareBool(a.HasLatency, b.HasLatency),
		cmp.Compare(a.LatencyNS, b.LatencyNS),
		compareBool(a.HasConfidence, b.HasConfidence),
		cmp.Compare(a.Confidence, b.Confidence),
		slices.Compare(a.Ranking, b.Ranking),
		slices.Compare(a.Vector, b.Vector),
	)
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
