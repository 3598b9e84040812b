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

	"github.com/nats-io/nats.go/jetstream"
)

// ObjectBucket holds what is too large for an event, by its SHA-256.
const ObjectBucket = "CRUCIBLE_OBJECTS"

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
	store, err := b.bucket(ctx)
	if err != nil {
		return "", 0, fmt.Errorf("put object: %w", err)
	}
	b.objects.put.Lock()
	defer b.objects.put.Unlock()
	info, err := store.GetInfo(ctx, body.hash)
	switch {
	case err == nil && int64(info.Size) == body.size:
		return body.hash, body.size, nil
	case err != nil && !errors.Is(err, jetstream.ErrObjectNotFound):
		return "", 0, fmt.Errorf("put object %s: %w", body.hash, err)
	}
	if _, err := store.Put(ctx, jetstream.ObjectMeta{Name: body.hash}, body.r); err != nil {
		if f := full(err); f != nil {
			err = f
		}
		return "", 0, fmt.Errorf("put object %s: %w", body.hash, err)
	}
	return body.hash, body.size, nil
}

// GetObject opens the object with this hash. Reading it ends with ErrDamaged
// instead of io.EOF if the content is not what the hash says: nothing of it may
// be used before the end was reached. ErrNoObject if there is none.
func (b *Bus) GetObject(ctx context.Context, sha256hex string) (io.ReadCloser, error) {
	if raw, err := hex.DecodeString(sha256hex); err != nil || len(raw) != sha256.Size {
		return nil, fmt.Errorf("get object %q: not a SHA-256", sha256hex)
	}
	store, err := b.bucket(ctx)
	if err != nil {
		return nil, fmt.Errorf("get object: %w", err)
	}
	r, err := store.Get(ctx, sha256hex)
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		err = ErrNoObject
	}
	if err != nil {
		return nil, fmt.Errorf("get object %s: %w", sha256hex, err)
	}
	return &verifiedReader{r: r, sum: sha256.New(), want: sha256hex}, nil
}

type verifiedReader struct {
	r    io.ReadCloser
	sum  hash.Hash
	want string
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

func (v *verifiedReader) Close() error { return v.r.Close() }

// spooled is a body whose hash and size are known.
type spooled struct {
	r    io.Reader
	hash string
	size int64
	temp *os.File // nil if none
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
		if _, err := s.Seek(start, io.SeekStart); err != nil {
			return nil, err
		}
		return &spooled{r: s, hash: hex.EncodeToString(sum.Sum(nil)), size: n}, nil
	}
	var head bytes.Buffer
	n, err := io.Copy(io.MultiWriter(&head, sum), io.LimitReader(r, spoolLimit))
	if err != nil {
		return nil, err
	}
	if n < spoolLimit {
		return &spooled{r: &head, hash: hex.EncodeToString(sum.Sum(nil)), size: n}, nil
	}
	return spoolFile(&head, r, sum)
}

// spoolFile goes on in a temporary file.
func spoolFile(head, rest io.Reader, sum hash.Hash) (*spooled, error) {
	f, err := os.CreateTemp("", "crucible-object-*")
	if err != nil {
		return nil, err
	}
	out := &spooled{r: f, temp: f}
	n, err := io.Copy(f, head)
	if err == nil {
		var more int64
		more, err = io.Copy(io.MultiWriter(f, sum), rest)
		n += more
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, out.close())
	}
	out.hash, out.size = hex.EncodeToString(sum.Sum(nil)), n
	return out, nil
}

func (s *spooled) close() error {
	if s.temp == nil {
		return nil
	}
	return errors.Join(s.temp.Close(), os.Remove(s.temp.Name()))
}
