-- One row per message that could not be processed.
CREATE VIEW IF NOT EXISTS deadletters AS
SELECT
    run,
    id,
    any(time) AS time,
    any(source) AS source,
    any(arrayElement(splitByChar('.', events_raw.subject), -1)) AS event,
    any(JSONExtractString(payload, 'data', 'service')) AS service,
    any(JSONExtractString(payload, 'data', 'subject')) AS subject,
    any(JSONExtractUInt(payload, 'data', 'sequence')) AS sequence,
    any(JSONExtractUInt(payload, 'data', 'deliveries')) AS deliveries,
    any(JSONExtractString(payload, 'data', 'error')) AS error,
    any(JSONExtractString(payload, 'data', 'sha256')) AS sha256
FROM events_raw
WHERE kind = 'deadletter.recorded.v1'
GROUP BY run, id
