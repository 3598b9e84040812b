SELECT run, query, call, role, member, model, condition, repeat, item, pool, outcome, answer, failure_class, failure_message,
    latency_ns, wait_ns, input_tokens, output_tokens, cached_input_tokens, reasoning_tokens, tokens_source, cost_usd, cost_known, attempts, simulated, recorded,
    served_model, finish_reason, confidence, requested_at, completed_at
FROM calls
WHERE run = {run:String}
ORDER BY query, call
