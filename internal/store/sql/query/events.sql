SELECT id, kind, seq, payload
FROM events_raw
WHERE run = {run:String} AND kind IN {kinds:Array(String)}
ORDER BY seq, id
LIMIT 1 BY kind, id
