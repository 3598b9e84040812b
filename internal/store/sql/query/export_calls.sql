SELECT run, query, call, role, member, model, condition, repeat, item, pool, outcome, answer, failure_class, failure_message,
    latency_ns, wait_ns, input_tokens, output_tokens, tokens_source, cost_usd, cost_known, attempts, simulated, recorded,
    served_model, finish_reason, requested_at, completed_at
FROM calls
WHERE run = {run:String}
ORDER BY query, call
