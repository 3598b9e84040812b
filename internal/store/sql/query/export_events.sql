SELECT id, run, kind, time, source, subject, cause, query, call, condition, repeat, item, member, model, seq, payload
FROM events
WHERE run = {run:String}
ORDER BY seq, id
