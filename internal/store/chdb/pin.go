package chdb

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
)

// Pin says which package carries the engine for a platform and what its bytes
// must be.
type Pin struct {
	Package   string // of npm
	Integrity string // SHA-512 of the packed package, base64; empty: not known here
	LibSHA256 string // of the library inside, hexadecimal; empty: not known here
	LibBytes  int64  // its size; 0: not known here
}

// PinFor is the pin of a platform, in the words of GOOS and GOARCH.
func PinFor(goos, goarch string) (Pin, bool) {
	switch goos + "/" + goarch {
	case "linux/amd64":
		return Pin{
			Package:   "@chdb/lib-linux-x64-gnu",
			Integrity: "XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw==",
			LibSHA256: "36ad4e999882821ef13cf2d0f52c93f48e6ee1b4498b35a201c23ce4b8d15bf5",
			LibBytes:  566330096,
		}, true
	case "linux/arm64":
		return Pin{Package: "@chdb/lib-linux-arm64-gnu"}, true
	case "darwin/amd64":
		return Pin{Package: "@chdb/lib-darwin-x64"}, true
	case "darwin/arm64":
		return Pin{Package: "@chdb/lib-darwin-arm64"}, true
	}
	return Pin{}, false
}

// Verify reads a library and compares it with the pin of this platform. It
// takes a second or two. Without a pinned hash it returns the hash that it
// found and no error.
func Verify(path string) (sum string, err error) {
	p, _ := PinFor(runtime.GOOS, runtime.GOARCH)
	return p.Verify(path)
}

// Verify reads a library and compares it with the pin.
func (p Pin) Verify(path string) (sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("verify the engine: %w", err)
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("verify the engine: %w", err)
	}
	sum = hex.EncodeToString(h.Sum(nil))
	if p.LibSHA256 != "" && p.LibSHA256 != sum {
		return sum, noEngine(fmt.Sprintf("%s is damaged or of another version: its SHA-256 is %s, not %s", path, sum, p.LibSHA256))
	}
	return sum, nil
}
