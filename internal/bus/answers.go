package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// AnswerBucket keeps answers to be used again, by the hash of the question.
const AnswerBucket = "CRUCIBLE_ANSWERS"

// Answer is what was kept under a key, a token; nil if nothing was.
func (b *Bus) Answer(ctx context.Context, key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	kv, err := b.js.KeyValue(ctx, AnswerBucket)
	var e jetstream.KeyValueEntry
	if err == nil {
		e, err = kv.Get(ctx, key)
	}
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound), errors.Is(err, jetstream.ErrBucketNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("answer %s: %w", key, err)
	}
	return e.Value(), nil
}

// KeepAnswer keeps an answer under a key. What is kept already stays.
func (b *Bus) KeepAnswer(ctx context.Context, key string, value []byte) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	kv, err := b.js.KeyValue(ctx, AnswerBucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		kv, err = b.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: AnswerBucket, Description: "Crucible: answers to be used again", History: 1,
			Storage: jetstream.FileStorage, Replicas: b.cfg.Replicas,
		})
		if errors.Is(err, jetstream.ErrBucketExists) {
			kv, err = b.js.KeyValue(ctx, AnswerBucket)
		}
	}
	if err == nil {
		_, err = kv.Create(ctx, key, value)
	}
	if err == nil || errors.Is(err, jetstream.ErrKeyExists) || notFirst(err) {
		return nil
	}
	return fmt.Errorf("keep answer %s: %w", key, err)
}
