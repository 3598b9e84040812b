package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/crucible-go/crucible/pkg/events"
)

// duplicateWindow is how long the server remembers the ids of messages. Every
// fact is also bound to be the first on its subject, so nothing depends on it:
// it is short because the server keeps every id of the window in memory and
// reads the window back at start.
const duplicateWindow = time.Second

// patience is how long a question to the server is repeated when nobody
// answers, unless the caller's context says less.
const patience = 30 * time.Second

// Info is the state of a stream.
type Info struct {
	Stream   string
	First    uint64 // sequence of the first message, 0 if there was never one
	Last     uint64 // sequence of the last message
	Messages uint64
	Bytes    uint64
	MaxBytes int64 // 0 = unlimited
	Replicas int
	Created  time.Time
}

// EnsureControl creates the control stream, or checks the one there is: ErrSettings
// when it could lose data.
func (b *Bus) EnsureControl(ctx context.Context) error {
	return b.ensure(ctx, b.streamConfig(events.ControlStream, events.ControlSubjects(), 0))
}

// EnsureRun creates the stream of a run, or checks the one there is.
func (b *Bus) EnsureRun(ctx context.Context, run string) error {
	if err := events.CheckToken(run); err != nil {
		return fmt.Errorf("create stream: run: %w", err)
	}
	return b.ensure(ctx, b.streamConfig(events.RunStream(run), events.RunSubjects(run), b.cfg.MaxBytes))
}

// GrowRun raises the size limit of a run's stream to the configured one, if that
// is higher. ErrNoStream if there is none.
func (b *Bus) GrowRun(ctx context.Context, run string) error {
	name := events.RunStream(run)
	want := b.streamConfig(name, nil, b.cfg.MaxBytes).MaxBytes
	err := b.retry(ctx, func() error {
		s, err := b.js.Stream(ctx, name)
		if err != nil {
			return err
		}
		have := s.CachedInfo().Config
		if have.MaxBytes < 0 || want > 0 && want <= have.MaxBytes {
			return nil
		}
		have.MaxBytes = want
		_, err = b.js.UpdateStream(ctx, have)
		return err
	})
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		err = ErrNoStream
	}
	if err != nil {
		return fmt.Errorf("stream %s: raise its limit: %w", name, err)
	}
	return nil
}

func (b *Bus) streamConfig(name string, subjects []string, maxBytes int64) jetstream.StreamConfig {
	if maxBytes <= 0 {
		maxBytes = -1
	}
	return jetstream.StreamConfig{
		Name:               name,
		Subjects:           subjects,
		Retention:          jetstream.LimitsPolicy,
		Storage:            jetstream.FileStorage,
		Discard:            jetstream.DiscardNew,
		MaxBytes:           maxBytes,
		MaxMsgs:            -1,
		MaxMsgsPerSubject:  -1,
		MaxConsumers:       -1,
		Replicas:           b.cfg.Replicas,
		Duplicates:         duplicateWindow,
		DenyDelete:         true,
		DenyPurge:          true,
		AllowAtomicPublish: true,
		// Direct gets are answered by any replica, which may lag behind.
		AllowDirect: b.cfg.Replicas == 1,
	}
}

func (b *Bus) ensure(ctx context.Context, want jetstream.StreamConfig) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var s jetstream.Stream
	err := b.retry(ctx, func() (err error) {
		s, err = b.js.CreateStream(ctx, want)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			s, err = b.js.Stream(ctx, want.Name)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("create stream %s: %w", want.Name, err)
	}
	if err := checkStream(s.CachedInfo().Config, want); err != nil {
		return fmt.Errorf("stream %s: %w", want.Name, err)
	}
	return nil
}

// checkStream says what about a stream could lose or hide data.
func checkStream(have, want jetstream.StreamConfig) error {
	var bad []string
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			bad = append(bad, fmt.Sprintf(format, args...))
		}
	}
	refuse(have.Retention != jetstream.LimitsPolicy, "its retention is %s: want limits, or acknowledged events vanish", strings.ToLower(have.Retention.String()))
	refuse(have.Discard != jetstream.DiscardNew, "it discards old events when it is full: want new")
	refuse(have.Storage != jetstream.FileStorage, "it is kept in memory: want file")
	refuse(!sameSubjects(have.Subjects, want.Subjects), "its subjects are %v: want %v", have.Subjects, want.Subjects)
	refuse(have.MaxAge != 0, "it forgets events after %v: want no limit of age", have.MaxAge)
	refuse(have.MaxMsgsPerSubject > 0, "it keeps %d events per subject: want no limit", have.MaxMsgsPerSubject)
	refuse(!have.DenyDelete || !have.DenyPurge, "it lets events be deleted or purged: want both denied")
	refuse(have.AllowRollup, "it allows roll-ups, which remove events")
	refuse(have.AllowMsgTTL, "it allows events that expire")
	refuse(have.Mirror != nil || len(have.Sources) > 0, "it takes events from other streams")
	refuse(have.SubjectTransform != nil, "it changes subjects, which are identities")
	refuse(have.NoAck, "it does not acknowledge what it stores")
	refuse(have.Sealed, "it is sealed: nothing can be added")
	refuse(have.PersistMode == jetstream.AsyncPersistMode, "it acknowledges before the disk has the event (persist mode async)")
	refuse(!have.AllowAtomicPublish, "it does not allow atomic batches: set allow_atomic")
	refuse(have.Replicas > 1 && have.AllowDirect, "it has %d replicas and allows direct gets, which may be stale: unset allow_direct", have.Replicas)
	if bad == nil {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrSettings, strings.Join(bad, "; "))
}

func sameSubjects(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

// DeleteRun removes the stream of a run with all that is in it. ErrNoStream if
// there is none.
func (b *Bus) DeleteRun(ctx context.Context, run string) error {
	name := events.RunStream(run)
	if err := events.CheckToken(run); err != nil {
		return fmt.Errorf("delete stream: run: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := b.retry(ctx, func() error { return b.js.DeleteStream(ctx, name) }); err != nil {
		return fmt.Errorf("delete stream %s: %w", name, streamError(err))
	}
	b.committers.Delete(name)
	return nil
}

// Runs lists the runs that have a stream, sorted.
func (b *Bus) Runs(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var runs []string
	err := b.retry(ctx, func() error {
		runs = nil
		l := b.js.StreamNames(ctx)
		for name := range l.Name() {
			if run, ok := strings.CutPrefix(name, events.RunStream("")); ok {
				runs = append(runs, run)
			}
		}
		return l.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list streams: %w", err)
	}
	slices.Sort(runs)
	return runs, nil
}

// StreamInfo is the state of a stream, ErrNoStream if there is none.
func (b *Bus) StreamInfo(ctx context.Context, stream string) (i Info, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = b.retry(ctx, func() error {
		i, err = b.streamInfo(ctx, stream)
		return err
	})
	return i, err
}

// streamInfo asks once.
func (b *Bus) streamInfo(ctx context.Context, stream string) (Info, error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	s, err := b.js.Stream(ctx, stream)
	if err != nil {
		return Info{}, fmt.Errorf("stream %s: %w", stream, streamError(err))
	}
	i := s.CachedInfo()
	return Info{
		Stream:   stream,
		First:    i.State.FirstSeq,
		Last:     i.State.LastSeq,
		Messages: i.State.Msgs,
		Bytes:    i.State.Bytes,
		MaxBytes: max(i.Config.MaxBytes, 0),
		Replicas: i.Config.Replicas,
		Created:  i.Created,
	}, nil
}

// streamError maps the server's word for a missing stream to ours.
func streamError(err error) error {
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return ErrNoStream
	case errors.Is(err, jetstream.ErrConsumerNotFound), errors.Is(err, jetstream.ErrConsumerDoesNotExist):
		return ErrNoConsumer
	case errors.Is(err, nats.ErrConnectionClosed):
		return ErrClosed
	}
	return err
}

// transient reports whether asking again may help: the connection or the
// stream's leader is away.
func transient(err error) bool {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return api.ErrorCode == codeNoPeers || api.Code >= 500 && api.ErrorCode != codeStoreFailed
	}
	return errors.Is(err, nats.ErrNoResponders) || errors.Is(err, nats.ErrTimeout) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrDisconnected) ||
		errors.Is(err, nats.ErrReconnectBufExceeded) || errors.Is(err, nats.ErrConnectionReconnecting) ||
		errors.Is(err, nats.ErrStaleConnection) || errors.Is(err, jetstream.ErrJetStreamNotEnabled)
}
