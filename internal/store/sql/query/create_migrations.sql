CREATE TABLE IF NOT EXISTS migrations
(
    version    UInt32,
    name       String,
    applied_at DateTime64(9, 'UTC') DEFAULT now64(9, 'UTC')
)
ENGINE = MergeTree
ORDER BY version
