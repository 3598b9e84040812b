-- When runs were removed. The last time is part of every insert's token: what
-- was stored before a removal may be stored again after it.
CREATE TABLE IF NOT EXISTS drops
(
    run LowCardinality(String),
    at  DateTime64(9, 'UTC') DEFAULT now64(9, 'UTC')
)
ENGINE = MergeTree
ORDER BY (run, at)
