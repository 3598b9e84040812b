-- One row per run, from what was said about it. The queries decided so far are
-- counted from the verdicts.
CREATE VIEW IF NOT EXISTS runs AS
SELECT
    said.run AS run,
    said.name AS name,
    multiIf(
        said.ended, said.end_state,
        said.rejected, 'rejected',
        said.suspensions > said.resumptions, 'suspended',
        said.cancelling, 'cancelling',
        said.planned, 'running',
        'requested') AS state,
    said.reason AS reason,
    said.queries AS queries,
    toUInt64(verdicts.total) AS done,
    said.decided AS decided,
    said.invalid AS invalid,
    said.failed AS failed,
    said.unasked AS unasked,
    said.calls AS calls,
    said.calls_answered AS calls_answered,
    said.calls_failed AS calls_failed,
    said.calls_cancelled AS calls_cancelled,
    said.attempts AS attempts,
    said.dead_letters AS dead_letters,
    said.cost_usd AS cost_usd,
    said.spec_hash AS spec_hash,
    said.dataset_hash AS dataset_hash,
    said.seed AS seed,
    said.conditions AS conditions,
    said.requested_at AS requested_at,
    said.planned_at AS planned_at,
    said.ended_at AS ended_at
FROM
(
    SELECT
        run,
        anyIf(f.name, is_plan) AS name,
        countIf(is_plan) > 0 AS planned,
        countIf(kind = 'run.rejected.v1') > 0 AS rejected,
        countIf(kind = 'run.cancel_requested.v1') > 0 AS cancelling,
        countIf(is_end) > 0 AS ended,
        uniqExactIf(subject, kind = 'run.suspended.v1') AS suspensions,
        uniqExactIf(subject, kind = 'run.resumed.v1') AS resumptions,
        anyIf(f.state, is_end) AS end_state,
        argMaxIf(f.reason, time, f.reason != '') AS reason,
        greatest(anyIf(toUInt64OrZero(f.queries), is_plan), anyIf(toUInt64OrZero(f.queries), is_end)) AS queries,
        anyIf(toUInt64OrZero(f.decided), is_end) AS decided,
        anyIf(toUInt64OrZero(f.invalid), is_end) AS invalid,
        anyIf(toUInt64OrZero(f.failed), is_end) AS failed,
        anyIf(toUInt64OrZero(f.unasked), is_end) AS unasked,
        anyIf(JSONExtractUInt(f.calls, 'requested'), is_end) AS calls,
        anyIf(JSONExtractUInt(f.calls, 'answered'), is_end) AS calls_answered,
        anyIf(JSONExtractUInt(f.calls, 'failed'), is_end) AS calls_failed,
        anyIf(JSONExtractUInt(f.calls, 'cancelled'), is_end) AS calls_cancelled,
        anyIf(JSONExtractUInt(f.calls, 'attempts'), is_end) AS attempts,
        anyIf(toUInt64OrZero(f.dead_letters), is_end) AS dead_letters,
        anyIf(toDecimal128OrZero(f.cost_usd, 12), is_end) AS cost_usd,
        anyIf(f.spec_hash, is_plan) AS spec_hash,
        anyIf(f.dataset_hash, is_plan) AS dataset_hash,
        anyIf(toUInt64OrZero(f.seed), is_plan) AS seed,
        anyIf(f.conditions, is_plan) AS conditions,
        anyIf(toNullable(time), kind = 'run.requested.v1') AS requested_at,
        anyIf(toNullable(time), is_plan) AS planned_at,
        anyIf(toNullable(time), is_end OR kind = 'run.rejected.v1') AS ended_at
    FROM
    (
        SELECT
            run, kind, subject, time,
            kind = 'run.planned.v1' AS is_plan,
            kind IN ('run.completed.v1', 'run.cancelled.v1', 'run.failed.v1') AS is_end,
            JSONExtract(payload, 'data', 'Tuple(
                name String,
                state String,
                reason String,
                queries String,
                decided String,
                invalid String,
                failed String,
                unasked String,
                calls String,
                dead_letters String,
                cost_usd String,
                spec_hash String,
                dataset_hash String,
                seed String,
                conditions Array(String))') AS f
        FROM events_raw
        WHERE startsWith(kind, 'run.')
    )
    GROUP BY run
) AS said
LEFT JOIN
(
    SELECT run, uniqExact(query) AS total
    FROM events_raw
    WHERE kind = 'vote.decided.v1'
    GROUP BY run
) AS verdicts ON verdicts.run = said.run
