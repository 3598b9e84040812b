-- Count and digest per kind of a run's stream, from the bytes that are stored. Copies of one
-- event are counted once; two different contents of one event count twice.
SELECT kind, count() AS events, sum(hash) AS digest
FROM
(
    SELECT DISTINCT kind, reinterpretAsUInt256(reverse(SHA256(concat(id, payload)))) AS hash
    FROM events_raw
    WHERE run = {run:String} AND seq <= {up_to:UInt64} AND splitByChar('.', kind)[1] NOT IN ('run', 'analysis', 'report')
)
GROUP BY kind
