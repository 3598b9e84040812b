INSERT INTO events_raw (id, run, kind, time, source, subject, cause, query, call, condition, repeat, item, member, model, seq, payload)
