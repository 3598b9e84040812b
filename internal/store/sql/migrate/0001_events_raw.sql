-- Every event as it was read from the log. Rows are only inserted, never
-- changed; the same event may be stored more than once, and the views and
-- queries read each once.
CREATE TABLE IF NOT EXISTS events_raw
(
    id        String,
    run       LowCardinality(String),
    kind      LowCardinality(String),
    time      DateTime64(9, 'UTC') CODEC(Delta, LZ4),
    source    LowCardinality(String),
    subject   String,
    cause     String,
    query     String,
    call      String,
    condition LowCardinality(String),
    repeat    UInt32,
    item      String,
    member    LowCardinality(String),
    model     LowCardinality(String),
    seq       UInt64,
    payload   String CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (run, kind, query, call, id)
SETTINGS non_replicated_deduplication_window = 1000
