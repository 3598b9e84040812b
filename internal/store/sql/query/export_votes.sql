SELECT run, query, condition, repeat, item, index, state, answer, expected, correct, consensus, latency_ns, cost_usd, stop, reason,
    ballots, scores, tally, decided_at
FROM votes
WHERE run = {run:String}
ORDER BY index, query
