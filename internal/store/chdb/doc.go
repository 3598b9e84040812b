// Package chdb runs a ClickHouse engine inside the process and offers it as an
// http.RoundTripper, which lets clickhouse-go drive it with its own public API,
// and as an http.Handler, a small ClickHouse HTTP endpoint.
//
// The engine is one C++ library, opened without cgo. It belongs to the process,
// not to a value: there is one data folder at a time, every Open of that folder
// shares the engine, and the last Close closes it. A data folder belongs to one
// process, which holds a lock file in it.
package chdb
