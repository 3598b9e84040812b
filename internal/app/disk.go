package app

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// minFree is the space, in bytes, that an embedded log or store leaves on its
	// disk unless the configuration says otherwise: a server that can write no
	// more needs its operator, one that stops before only needs room.
	minFree = 64 << 20
	// diskPeriod is how often the space is looked at.
	diskPeriod = time.Second
)

// errDisk ends services whose disk is full.
var errDisk = errors.New("the disk is full")

// diskError says how full.
type diskError struct {
	dir        string
	free, want uint64
}

func (e *diskError) Error() string {
	return fmt.Sprintf("%v: %d MB are free in %s, %d MB are kept free", errDisk, e.free>>20, e.dir, e.want>>20)
}

func (e *diskError) Unwrap() error { return errDisk }

// Hint says how to go on.
func (e *diskError) Hint() string {
	return "nothing that was stored is lost: make room, then: crucible resume RUN\nlog.min_free in the configuration file is the number of bytes that are kept free"
}

// checkDisk refuses a disk with too little space for what is embedded.
func (c Config) checkDisk() error {
	if c.NATS != "" && c.ClickHouse != "" {
		return nil
	}
	want := uint64(minFree)
	if c.File.Log.MinFree > 0 {
		want = uint64(c.File.Log.MinFree)
	}
	free, err := freeSpace(c.Data)
	if err != nil {
		return err
	}
	if free < want {
		return &diskError{c.Data, free, want}
	}
	return nil
}

// watchDisk returns an error when the disk is full, nil when ctx is done.
func (c Config) watchDisk(ctx context.Context) error {
	t := time.NewTicker(diskPeriod)
	defer t.Stop()
	for {
		if err := c.checkDisk(); err != nil {
			return err
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return nil
		}
	}
}
