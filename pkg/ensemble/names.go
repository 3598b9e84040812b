package ensemble

// The votes.
const (
	// VoteMajority elects the answer with most ballots, a plurality.
	VoteMajority = "majority"
	// VoteWeighted adds up weights: confidences, fixed ones, or log-odds.
	VoteWeighted = "weighted"
	// VoteBestConfidence takes the answer of the surest ballot.
	VoteBestConfidence = "best_confidence"
	// VoteUnanimous takes an answer that all give, else abstains or falls back.
	VoteUnanimous = "unanimous"
	// VoteDawidSkene weighs by accuracies that were estimated without labels.
	VoteDawidSkene = "dawid_skene"
	// VoteJoint takes the answer that was right most often on labelled items
	// where the members agreed and differed in the same way.
	VoteJoint = "joint"
	// VoteBorda adds up points for places in rankings.
	VoteBorda = "borda"
	// VoteInstantRunoff drops the answer with fewest first places until one has
	// the majority.
	VoteInstantRunoff = "instant_runoff"
	// VoteSemantic counts equivalent answers as one.
	VoteSemantic = "semantic"
	// VoteMeta is the majority of several votes.
	VoteMeta = "meta"
)

// The executions.
const (
	ExecutionParallel   = "parallel"
	ExecutionSequential = "sequential"
	ExecutionHedged     = "hedged"
	ExecutionCascade    = "cascade"
)

// The stopping rules.
const (
	StopNone      = "none"
	StopLossless  = "lossless"
	StopPosterior = "posterior"
)

// Further reasons in the Stop of a verdict.
const (
	StopAll       = "all"       // every ballot was waited for
	StopConsensus = "consensus" // sequential: enough agreement
	StopGate      = "gate"      // cascade: sure enough
	StopMax       = "max_models"
	StopFirst     = "first" // hedged: the first valid answers
)

// What weights are made of.
const (
	WeightConfidence = "confidence"
	WeightFixed      = "fixed"
	WeightLogOdds    = "log_odds"
)

// Who wins a tie.
const (
	TiesListed     = "listed"
	TiesCalibrated = "calibrated"
	TiesSeeded     = "seeded"
)

// What opens the gate of a cascade.
const (
	GateConfidence = "confidence"
	GateAgreement  = "agreement"
)

// How answers are equivalent in a semantic vote.
const (
	EquivalenceNormalised = "normalised"
	EquivalenceNumeric    = "numeric"
	EquivalenceVector     = "vector"
)

// Votes lists the names of the votes.
func Votes() []string {
	return []string{VoteMajority, VoteWeighted, VoteBestConfidence, VoteUnanimous, VoteDawidSkene, VoteJoint,
		VoteBorda, VoteInstantRunoff, VoteSemantic, VoteMeta}
}

// Executions lists the names of the executions.
func Executions() []string {
	return []string{ExecutionParallel, ExecutionSequential, ExecutionHedged, ExecutionCascade}
}

// Stops lists the names of the stopping rules.
func Stops() []string { return []string{StopNone, StopLossless, StopPosterior} }
