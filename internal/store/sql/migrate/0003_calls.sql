-- One row per call: its order and, once there is one, its terminal fact.
CREATE VIEW IF NOT EXISTS calls AS
SELECT
    run,
    query,
    call,
    any(f.role) AS role,
    any(member) AS member,
    any(model) AS model,
    any(condition) AS condition,
    any(repeat) AS repeat,
    any(item) AS item,
    anyIf(arrayElement(splitByChar('.', subject), -1), requested) AS pool,
    anyIf(f.outcome, completed) AS outcome,
    anyIf(f.answer, completed) AS answer,
    anyIf(f.failure.class, completed) AS failure_class,
    anyIf(f.failure.message, completed) AS failure_message,
    anyIf(f.latency_ns, completed) AS latency_ns,
    anyIf(f.wait_ns, completed) AS wait_ns,
    anyIf(f.usage.input_tokens, completed) AS input_tokens,
    anyIf(f.usage.output_tokens, completed) AS output_tokens,
    anyIf(f.usage.cached_input_tokens, completed) AS cached_input_tokens,
    anyIf(f.usage.reasoning_tokens, completed) AS reasoning_tokens,
    anyIf(f.usage.source, completed) AS tokens_source,
    anyIf(toDecimal128OrZero(f.cost_usd, 12), completed) AS cost_usd,
    anyIf(f.cost_known, completed) AS cost_known,
    anyIf(toUInt32(length(f.attempts)), completed) AS attempts,
    anyIf(f.simulated, completed) AS simulated,
    anyIf(f.recorded, completed) AS recorded,
    anyIf(f.served_model, completed) AS served_model,
    anyIf(f.finish_reason, completed) AS finish_reason,
    anyIf(f.confidence, completed) AS confidence,
    anyIf(toNullable(time), requested) AS requested_at,
    anyIf(toNullable(time), completed) AS completed_at
FROM
(
    SELECT
        run, query, call, member, model, condition, repeat, item, subject, time,
        kind = 'call.requested.v1' AS requested,
        kind = 'call.completed.v1' AS completed,
        JSONExtract(payload, 'data', 'Tuple(
            role String,
            outcome String,
            answer String,
            failure Tuple(class String, message String),
            latency_ns Nullable(Int64),
            wait_ns Int64,
            usage Tuple(
                input_tokens Nullable(Int64),
                output_tokens Nullable(Int64),
                cached_input_tokens Nullable(Int64),
                reasoning_tokens Nullable(Int64),
                source String),
            cost_usd String,
            cost_known Bool,
            simulated Bool,
            recorded Bool,
            served_model String,
            finish_reason String,
            confidence Nullable(Float64),
            attempts Array(Tuple(attempt UInt32)))') AS f
    FROM events_raw
    WHERE kind IN ('call.requested.v1', 'call.completed.v1')
)
GROUP BY run, query, call
