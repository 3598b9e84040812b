// Package answers keeps what models answered, so that the same question need not
// be paid for twice. It is a convenience beside the log: what it lost is asked
// again, and nothing in it is needed to understand a run.
package answers

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/crucible-go/crucible/internal/bus"
)

// Answer is what was answered.
type Answer struct {
	Text      string `json:"text"`
	Served    string `json:"served,omitempty"`
	Finish    string `json:"finish,omitempty"`
	Simulated bool   `json:"simulated,omitempty"`
}

// largest is the largest answer that is kept, in bytes: what a message holds.
const largest = 512 << 10

// Store keeps answers. Its methods may be used by several processes at a time.
type Store interface {
	// Get returns the answer to the question of a key, a SHA-256 in hexadecimal;
	// nil if there is none, or none that can be read.
	Get(ctx context.Context, key string) (*Answer, error)
	// Put keeps an answer. If there is one already, either stays.
	Put(ctx context.Context, key string, a *Answer) error
}

// Log keeps answers in the store of the log's server.
func Log(b *bus.Bus) Store { return inLog{b} }

type inLog struct{ bus *bus.Bus }

func (s inLog) Get(ctx context.Context, key string) (*Answer, error) {
	b, err := s.bus.Answer(ctx, key)
	if err != nil {
		return nil, err
	}
	return read(b), nil
}

func (s inLog) Put(ctx context.Context, key string, a *Answer) error {
	b, err := write(a)
	if err != nil || b == nil {
		return err
	}
	return s.bus.KeepAnswer(ctx, key, b)
}

// Dir keeps answers in the files of a folder, which it makes when it is needed.
func Dir(path string) Store { return inDir(path) }

type inDir string

func (d inDir) file(key string) (string, error) {
	if raw, err := hex.DecodeString(key); err != nil || len(raw) != 32 {
		return "", fmt.Errorf("answer %q: not a SHA-256", key)
	}
	return filepath.Join(string(d), key[:2], key+".json"), nil
}

func (d inDir) Get(_ context.Context, key string) (*Answer, error) {
	file, err := d.file(key)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(file) //nolint:gosec // its name is a hash
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	return read(b), nil
}

// Put writes a file of its own and gives it its name when it is whole.
func (d inDir) Put(_ context.Context, key string, a *Answer) (err error) {
	b, err := write(a)
	if err != nil || b == nil {
		return err
	}
	file, err := d.file(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep answer: %w", err), os.Remove(f.Name()))
	}
	return nil
}

// read is nil for what is not an answer: it is asked again.
func read(b []byte) *Answer {
	a := new(Answer)
	if len(b) == 0 || json.Unmarshal(b, a) != nil || a.Text == "" {
		return nil
	}
	return a
}

// write is nil for an answer that is not kept.
func write(a *Answer) ([]byte, error) {
	b, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("keep answer: %w", err)
	}
	if a.Text == "" || len(b) > largest {
		return nil, nil
	}
	return b, nil
}
