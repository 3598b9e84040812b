package reporter

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"

	"github.com/crucible-go/crucible/pkg/analysis"
	"github.com/crucible-go/crucible/pkg/events"
)

const manifestName = "manifest.json"

type file struct {
	name string
	body []byte
}

// Manifest is the content of manifest.json.
type Manifest struct {
	Version int           `json:"version"`
	Files   []events.File `json:"files"` // sorted by name, without the manifest itself
}

// write makes the files of a run and puts them into dir.
func write(ctx context.Context, d Deps, src *source, dir string, formats []string) (events.ReportPublished, error) {
	out := events.ReportPublished{Analysis: src.analysisID, Dir: filepath.Base(dir), Version: d.Version}
	if len(formats) == 0 {
		formats = src.spec.Report.Formats
	}
	if len(formats) == 0 {
		formats = []string{"markdown"}
	}
	files, err := d.files(src, formats)
	if err != nil {
		return out, fmt.Errorf("report run %s: %w", src.ended.ID, err)
	}
	for _, f := range files {
		out.Files = append(out.Files, events.File{Name: f.name, Bytes: int64(len(f.body)), SHA256: hashOf(f.body)})
	}
	sort.Slice(out.Files, func(i, j int) bool { return out.Files[i].Name < out.Files[j].Name })
	manifest, err := indented(Manifest{Version: 1, Files: out.Files})
	if err != nil {
		return out, fmt.Errorf("report run %s: %w", src.ended.ID, err)
	}
	if err := ctx.Err(); err != nil {
		return out, err
	}
	if err := place(dir, append(files, file{manifestName, manifest})); err != nil {
		return out, fmt.Errorf("report run %s: %w", src.ended.ID, err)
	}
	out.Files = append(out.Files, events.File{Name: manifestName, Bytes: int64(len(manifest)), SHA256: hashOf(manifest)})
	sort.Slice(out.Files, func(i, j int) bool { return out.Files[i].Name < out.Files[j].Name })
	return out, nil
}

// files are all files but the manifest.
func (d *Deps) files(src *source, formats []string) ([]file, error) {
	var table, data bytes.Buffer
	if err := analysis.WriteCSV(&table, src.ended.Planned.Conditions, src.rows); err != nil {
		return nil, err
	}
	if err := analysis.WriteDataset(&data, src.items); err != nil {
		return nil, err
	}
	env := d.environment(src)
	environment, err := indented(env)
	if err != nil {
		return nil, err
	}
	files := []file{
		{"config.json", src.ended.Planned.Config},
		{"environment.json", environment},
		{"dataset.jsonl", data.Bytes()},
		{"results.csv", table.Bytes()},
		{"analysis.json", src.body},
	}
	report := Report{Spec: src.spec, Analysis: src.analysis, Environment: env, Failures: src.failures}
	document := report.Document()
	formats = slices.Clone(formats)
	slices.Sort(formats)
	for _, format := range slices.Compact(formats) {
		f, err := document.as(format)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// as writes the document in a format.
func (d *Document) as(format string) (file, error) {
	switch format {
	case "markdown":
		return file{"report.md", d.Markdown()}, nil
	case "latex":
		return file{"report.tex", d.LaTeX()}, nil
	case "html":
		b, err := d.HTML()
		return file{"report.html", b}, err
	case "jupyter":
		b, err := d.Notebook()
		return file{"report.ipynb", b}, err
	}
	return file{}, fmt.Errorf("there is no report format %q: this version writes markdown, latex, html and jupyter", format)
}

func indented(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// place puts files into dir so that a reader never sees half of one: they are
// written and synced beside it first. A folder that is not there yet appears
// complete; in one that is, files whose content differs are replaced one by one,
// the manifest last, and others are left alone.
func place(dir string, files []file) (err error) {
	dir = filepath.Clean(dir)
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil { //nolint:gosec // results are for reading
		return err
	}
	tmp, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+".tmp-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	if err := os.Chmod(tmp, 0o755); err != nil { //nolint:gosec // results are for reading
		return err
	}
	for _, f := range files {
		if err := writeSynced(filepath.Join(tmp, f.name), f.body); err != nil {
			return err
		}
	}
	if err := syncDir(tmp); err != nil {
		return err
	}
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		if os.Rename(tmp, dir) == nil {
			return syncDir(parent)
		} // somebody else was first
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // results are for reading
		return err
	}
	for _, f := range files {
		at := filepath.Join(dir, f.name)
		if old, err := os.ReadFile(at); err == nil && bytes.Equal(old, f.body) { //nolint:gosec // our own folder
			continue
		}
		if err := os.Rename(filepath.Join(tmp, f.name), at); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

func writeSynced(name string, body []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // results are for reading
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncDir(name string) error {
	d, err := os.Open(name) //nolint:gosec // our own folder
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
