package events

// AnalysisCompleted says where the result of an analysis lies.
//
//easyjson:json
type AnalysisCompleted struct {
	// State is the state of the run that was analysed.
	State string `json:"state,nocopy"`
	// Object is the name of the result in the object store.
	Object string `json:"object,nocopy"`
	// SHA256 is the hash of the result, in hexadecimal.
	SHA256 string `json:"sha256,nocopy"`
	// RunEnd is the id of the event that ended the run.
	RunEnd string `json:"run_end,nocopy"`
	// SpecHash is that of the plan.
	SpecHash string `json:"spec_hash,nocopy"`
	// DatasetHash is that of the plan.
	DatasetHash string `json:"dataset_hash,nocopy"`
	// Sequence is the position in the run's stream up to which Inputs speaks.
	Sequence uint64 `json:"sequence"`
	// Inputs are the counts and digests of what was analysed, computed from what
	// ClickHouse holds.
	Inputs []KindDigest `json:"inputs"`
	// Version is the version of the analyzer.
	Version string `json:"version,nocopy"`
}

// Kind implements Data.
func (*AnalysisCompleted) Kind() Kind { return KindAnalysisCompleted }

// ReportPublished lists the files of a report.
//
//easyjson:json
type ReportPublished struct {
	// Analysis is the id of the analysis.completed event.
	Analysis string `json:"analysis,nocopy"`
	// Dir is the name of the results folder below the output folder.
	Dir string `json:"dir,nocopy"`
	// Files are the files, sorted by name.
	Files []File `json:"files"`
	// Version is the version of the reporter.
	Version string `json:"version,nocopy"`
}

// Kind implements Data.
func (*ReportPublished) Kind() Kind { return KindReportPublished }

// File is a file's name, size and hash.
//
//easyjson:json
type File struct {
	// Name is the name of the file, relative to the folder.
	Name string `json:"name,nocopy"`
	// Bytes is the size of the file.
	Bytes int64 `json:"bytes"`
	// SHA256 is the hash of the file, in hexadecimal.
	SHA256 string `json:"sha256,nocopy"`
}
