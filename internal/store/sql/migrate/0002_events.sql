CREATE VIEW IF NOT EXISTS events AS
SELECT
    id, run, kind, time, source, subject, cause, query, call,
    condition, repeat, item, member, model, payload, seq
FROM events_raw
LIMIT 1 BY run, kind, query, call, id
