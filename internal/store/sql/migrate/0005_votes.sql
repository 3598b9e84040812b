-- One row per decided query.
CREATE VIEW IF NOT EXISTS votes AS
SELECT
    run,
    query,
    any(condition) AS condition,
    any(repeat) AS repeat,
    any(item) AS item,
    any(f.index) AS index,
    any(f.state) AS state,
    any(f.answer) AS answer,
    any(f.expected) AS expected,
    any(f.correct) AS correct,
    any(f.consensus) AS consensus,
    any(f.latency_ns) AS latency_ns,
    any(toDecimal128OrZero(f.cost_usd, 12)) AS cost_usd,
    any(f.stop) AS stop,
    any(f.reason) AS reason,
    any(toUInt32(length(f.ballots))) AS ballots,
    any(f.scores) AS scores,
    any(f.tally) AS tally,
    any(time) AS decided_at
FROM
(
    SELECT
        run, query, condition, repeat, item, time,
        JSONExtract(payload, 'data', 'Tuple(
            index UInt64,
            state String,
            answer String,
            expected String,
            correct Bool,
            consensus Float64,
            latency_ns Nullable(Int64),
            cost_usd String,
            stop String,
            reason String,
            ballots Array(Tuple(call String)),
            scores Array(Tuple(name String, value Float64)),
            tally Array(Tuple(answer String, votes UInt32, weight Float64)))') AS f
    FROM events_raw
    WHERE kind = 'vote.decided.v1'
)
GROUP BY run, query
