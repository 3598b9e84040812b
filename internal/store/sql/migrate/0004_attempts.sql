-- One row per attempt: its start, and how the call's terminal fact says that it
-- ended. An attempt without an outcome has no terminal fact yet.
CREATE VIEW IF NOT EXISTS attempts AS
SELECT
    run,
    query,
    call,
    attempt,
    any(member) AS member,
    any(model) AS model,
    any(condition) AS condition,
    any(repeat) AS repeat,
    any(item) AS item,
    any(pool) AS pool,
    max(hedge) AS hedge,
    anyIf(caller, started) AS caller,
    anyIf(nonce, started) AS nonce,
    anyIf(toNullable(time), started) AS started_at,
    anyIf(toDecimal128OrZero(reserved_usd, 12), started) AS reserved_usd,
    anyIf(a.outcome, NOT started) AS outcome,
    anyIf(a.start_ns, NOT started) AS start_ns,
    anyIf(a.first_byte_ns, NOT started) AS first_byte_ns,
    anyIf(a.latency_ns, NOT started) AS latency_ns,
    anyIf(a.backoff_ns, NOT started) AS backoff_ns,
    anyIf(a.failure.class, NOT started) AS failure_class,
    anyIf(a.failure.message, NOT started) AS failure_message,
    anyIf(a.usage.input_tokens, NOT started) AS input_tokens,
    anyIf(a.usage.output_tokens, NOT started) AS output_tokens,
    anyIf(toDecimal128OrZero(a.cost_usd, 12), NOT started) AS cost_usd,
    anyIf(a.request_id, NOT started) AS request_id,
    anyIf(a.served_model, NOT started) AS served_model,
    anyIf(a.http_status, NOT started) AS http_status
FROM
(
    SELECT
        run, query, call, member, model, condition, repeat, item, time, started,
        f.caller AS caller,
        if(started, f.pool, a.pool) AS pool,
        if(started, f.hedge, a.hedge) AS hedge,
        f.reserved_usd AS reserved_usd,
        f.nonce AS nonce,
        arrayJoin(if(started, arrayResize(f.attempts, 1), f.attempts)) AS a,
        if(started, f.attempt, a.attempt) AS attempt
    FROM
    (
        SELECT
            run, query, call, member, model, condition, repeat, item, time,
            kind = 'call.started.v1' AS started,
            JSONExtract(payload, 'data', 'Tuple(
                attempt UInt32,
                caller String,
                pool String,
                hedge Bool,
                reserved_usd String,
                nonce String,
                attempts Array(Tuple(
                    attempt UInt32,
                    outcome String,
                    pool String,
                    hedge Bool,
                    start_ns Nullable(Int64),
                    first_byte_ns Nullable(Int64),
                    latency_ns Nullable(Int64),
                    backoff_ns Int64,
                    failure Tuple(class String, message String),
                    usage Tuple(input_tokens Nullable(Int64), output_tokens Nullable(Int64)),
                    cost_usd String,
                    request_id String,
                    served_model String,
                    http_status UInt16)))') AS f
        FROM events_raw
        WHERE kind IN ('call.started.v1', 'call.completed.v1')
    )
)
GROUP BY run, query, call, attempt
