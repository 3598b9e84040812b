package bus

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// ObjectBucket holds what is too large for an event, by its SHA-256.
const ObjectBucket = "CRUCIBLE_OBJECTS"

// readTimeout bounds the reading of one object.
const readTimeout = time.Hour

// spoolLimit is how much of an object is kept in memory until its hash is known.
const spoolLimit = 8 << 20

// objectStore opens the bucket once it is needed.
type objectStore struct {
	mu    sync.Mutex
	store jetstream.ObjectStore
	// put lets one writer at a time store: two that store the same content would
	// remove each other's chunks.
	put sync.Mutex
}

func (b *Bus) bucket(ctx context.Context) (jetstream.ObjectStore, error) {
	b.objects.mu.Lock()
	defer b.objects.mu.Unlock()
	if b.objects.store != nil {
		return b.objects.store, nil
	}
	s, err := b.js.ObjectStore(ctx, ObjectBucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		s, err = b.js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{
			Bucket: ObjectBucket, Description: "Crucible: bodies, data sets and results by SHA-256",
			Storage: jetstream.FileStorage, Replicas: b.cfg.Replicas,
		})
		if errors.Is(err, jetstream.ErrBucketExists) { // another process was faster
			s, err = b.js.ObjectStore(ctx, ObjectBucket)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("object store: %w", err)
	}
	b.objects.store = s
	return s, nil
}

// PutObject stores what r yields under its SHA-256 and returns that, in
// hexadecimal, and the size in bytes. Storing the same content again does
// nothing. An io.ReadSeeker is read twice; anything else is kept aside until its
// hash is known, beyond 8 MiB in a temporary file.
func (b *Bus) PutObject(ctx context.Context, r io.Reader) (sha256hex string, size int64, err error) {
	body, err := spool(r)
	if err != nil {
		return "", 0, fmt.Errorf("put object: %w", err)
	}
	defer func() { err = errors.Join(err, body.close()) }()
	if err := b.retry(ctx, func() error { return b.putObject(ctx, body) }); err != nil {
		return "", 0, fmt.Errorf("put object %s: %w", body.hash, err)
	}
	return body.hash, body.size, nil
}

func (b *Bus) putObject(ctx context.Context, body *spooled) error {
	store, err := b.bucket(ctx)
	if err != nil {
		return err
	}
	b.objects.put.Lock()
	defer b.objects.put.Unlock()
	info, err := store.GetInfo(ctx, body.hash)
	switch {
	case err == nil && int64(info.Size) == body.size:
		return nil
	case err != nil && !errors.Is(err, jetstream.ErrObjectNotFound):
		return err
	}
	if _, err := body.r.Seek(body.start, io.SeekStart); err != nil {
		return err
	}
	_, err = store.Put(ctx, jetstream.ObjectMeta{Name: body.hash}, io.LimitReader(body.r, body.size))
	if f := full(err); f != nil {
		return f
	}
	return err
}

// GetObject opens the object with this hash. Reading it ends with ErrDamaged
// instead of io.EOF if the content is not what the hash says: nothing of it may
// be used before the end was reached. ErrNoObject if there is none.
func (b *Bus) GetObject(ctx context.Context, sha256hex string) (io.ReadCloser, error) {
	if raw, err := hex.DecodeString(sha256hex); err != nil || len(raw) != sha256.Size {
		return nil, fmt.Errorf("get object %q: not a SHA-256", sha256hex)
	}
	// Without a deadline of its own the reading would get that of one request.
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	var r io.ReadCloser
	err := b.retry(ctx, func() error {
		store, err := b.bucket(ctx)
		if err == nil {
			r, err = store.Get(ctx, sha256hex)
		}
		return err
	})
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		err = ErrNoObject
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("get object %s: %w", sha256hex, err)
	}
	return &verifiedReader{r: r, sum: sha256.New(), want: sha256hex, cancel: cancel}, nil
}

type verifiedReader struct {
	r      io.ReadCloser
	sum    hash.Hash
	want   string
	cancel context.CancelFunc
}

func (v *verifiedReader) Read(p []byte) (int, error) {
	n, err := v.r.Read(p)
	v.sum.Write(p[:n])
	switch {
	case errors.Is(err, io.EOF):
		if got := hex.EncodeToString(v.sum.Sum(nil)); got != v.want {
			return n, fmt.Errorf("get object %s: %w: its content is %s", v.want, ErrDamaged, got)
		}
	case errors.Is(err, jetstream.ErrDigestMismatch):
		return n, fmt.Errorf("get object %s: %w: %w", v.want, ErrDamaged, err)
	}
	return n, err
}

func (v *verifiedReader) Close() error {
	v.cancel()
	return v.r.Close()
}

// spooled is a body whose hash and size are known.
type spooled struct {
	r     io.ReadSeeker
	start int64
	hash  string
	size  int64
	temp  *os.File // nil if none
}

func spool(r io.Reader) (*spooled, error) {
	sum := sha256.New()
	if s, ok := r.(io.ReadSeeker); ok {
		start, err := s.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		n, err := io.Copy(sum, s)
		if err != nil {
			return nil, err
		}
		return &spooled{r: s, start: start, hash: hex.EncodeToString(sum.Sum(nil)), size: n}, nil
	}
	head, err := io.ReadAll(io.LimitReader(io.TeeReader(r, sum), spoolLimit))
	if err != nil {
		return nil, err
	}
	if len(head) < spoolLimit {
		return &spooled{r: bytes.NewReader(head), hash: hex.EncodeToString(sum.Sum(nil)), size: int64(len(head))}, nil
	}
	return spoolFile(head, r, sum)
}

// spoolFile goes on in a temporary file.
func spoolFile(head []byte, rest io.Reader, sum hash.Hash) (*spooled, error) {
	f, err := os.CreateTemp("", "crucible-object-*")
	if err != nil {
		return nil, err
	}
	out := &spooled{r: f, temp: f, size: int64(len(head))}
	_, err = f.Write(head)
	if err == nil {
		var n int64
		n, err = io.Copy(io.MultiWriter(f, sum), rest)
		out.size += n
	}
	if err != nil {
		return nil, errors.Join(err, out.close())
	}
	out.hash = hex.EncodeToString(sum.Sum(nil))
	return out, nil
}

func (s *spooled) close() error {
	if s.temp == nil {
		return nil
	}
	return errors.Join(s.temp.Close(), os.Remove(s.temp.Name()))
}
