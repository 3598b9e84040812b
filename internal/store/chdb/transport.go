package chdb

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

// helloQuery is what clickhouse-go asks first, over HTTP. It reads the answer at
// the protocol revision that it announces and everything later at the revision
// in the answer; the engine writes its blocks at revision 0, so this one answer
// is made here and says 0.
const helloQuery = "SELECT displayName(), version(), revision(), timezone()"

// maxStatement bounds the bytes of a statement that is not an insert's data.
const maxStatement = 256 << 20

// request is what an HTTP request asks of the engine.
type request struct {
	sql      string
	format   string // of the result, or of the data
	insert   bool   // data is the body of an INSERT
	data     io.Reader
	database string
	params   []Param
	settings []Param
	readonly bool
	revision uint64 // of a client that says hello
}

// RoundTrip answers a request in the manner of ClickHouse's HTTP interface. It
// makes the engine a transport for clickhouse-go. A request with the setting
// "readonly" other than 0 runs on a connection that cannot write.
func (c *core) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer func() { _ = r.Body.Close() }()
	}
	req, err := parseRequest(r)
	if err == nil {
		var res *http.Response
		if res, err = c.do(r.Context(), req); err == nil {
			res.Request = r
			return res, nil
		}
	}
	var ex *Exception
	if errors.As(err, &ex) {
		return exceptionResponse(r, ex), nil
	}
	return nil, err
}

func (c *core) do(ctx context.Context, req *request) (*http.Response, error) {
	if req.sql == helloQuery && req.format == "Native" && req.revision > 0 {
		b, err := c.helloBlock(req.revision)
		return bytesResponse(b), err
	}
	p := c.write
	if req.readonly {
		p = c.read
	}
	conn, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	reset, err := conn.prepare(req)
	if err != nil {
		p.release(conn)
		return nil, err
	}
	finish := func() {
		if err := reset(); err != nil {
			p.drop(conn)
			return
		}
		p.release(conn)
	}
	if req.insert {
		defer finish()
		err := conn.insert(req.sql, req.format, req.params, contextReader{ctx, req.data}, make([]byte, insertChunk))
		return bytesResponse(nil), err
	}
	return c.statement(ctx, conn, req, finish)
}

// statement runs a statement that is not an insert's data. The engine's end ends it
// like that of its context.
func (c *core) statement(ctx context.Context, conn *conn, req *request, finish func()) (*http.Response, error) {
	ctx, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(c.ctx, cancel)
	done := func() {
		unhook()
		cancel()
		finish()
	}
	class, err := conn.look(req.sql)
	if err == nil && req.readonly {
		err = conn.onlyReads(class, req.sql)
	}
	if err != nil {
		done()
		return nil, err
	}
	if class == classRead {
		res, err := c.startStream(ctx, conn, req, done)
		if !errors.Is(err, errNoStream) {
			return res, err
		}
	}
	var out []byte
	c.interruptible(ctx, conn, func() { out, err = conn.query(req.sql, req.format, req.params) })
	if err != nil && ctx.Err() != nil {
		err = c.reason(ctx)
	}
	done()
	if err != nil {
		return nil, err
	}
	return bytesResponse(out), nil
}

// reason says why a context of statement ended.
func (c *core) reason(ctx context.Context) error {
	if c.ctx.Err() != nil {
		return errClosed
	}
	return ctx.Err()
}

// insertChunk is how many bytes of an insert's data are handed over at a time.
const insertChunk = 1 << 20

// prepare sets the connection's database and settings for a request.
func (c *conn) prepare(req *request) (func() error, error) {
	if err := c.use(req.database); err != nil {
		return nil, err
	}
	if req.readonly && len(req.settings) > 0 {
		return nil, &Exception{Code: 164, Message: fmt.Sprintf(
			"Code: 164. DB::Exception: Cannot modify '%s' setting in readonly mode. (READONLY)", req.settings[0].Name)}
	}
	return c.set(req.settings)
}

func (c *core) helloBlock(revision uint64) ([]byte, error) {
	var b proto.Block
	for _, col := range []struct{ name, kind string }{
		{"displayName()", "String"}, {"version()", "String"}, {"revision()", "UInt32"}, {"timezone()", "String"},
	} {
		if err := b.AddColumn(col.name, columnType(col.kind)); err != nil {
			return nil, fmt.Errorf("answer the driver's first query: %w", err)
		}
	}
	if err := b.Append("crucible", c.version, uint32(0), c.timezone); err != nil {
		return nil, fmt.Errorf("answer the driver's first query: %w", err)
	}
	var buf chproto.Buffer
	if err := b.Encode(&buf, revision); err != nil {
		return nil, fmt.Errorf("answer the driver's first query: %w", err)
	}
	return buf.Buf, nil
}

// The URL parameters that are not settings.
var notSettings = map[string]bool{
	"query": true, "database": true, "default_format": true, "client_protocol_version": true,
	"query_id": true, "quota_key": true, "user": true, "password": true, "session_id": true,
	"session_timeout": true, "session_check": true, "readonly": true, nameSetting: true,
	"wait_end_of_query": true, "buffer_size": true, "http_write_exception_in_output_format": true,
}

var (
	isInsert     = regexp.MustCompile(`(?is)^\s*INSERT\s+INTO\s`)
	formatClause = regexp.MustCompile(`(?is)\sFORMAT\s+([A-Za-z0-9_]+)\s*;?\s*$`)
)

func parseRequest(r *http.Request) (*request, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badArguments("the URL's parameters cannot be read: " + err.Error())
	}
	req := &request{format: "TabSeparated", database: values.Get("database")}
	if db := r.Header.Get("X-ClickHouse-Database"); db != "" && req.database == "" {
		req.database = db
	}
	for _, f := range []string{r.Header.Get("X-ClickHouse-Format"), values.Get("default_format")} {
		if f != "" {
			req.format = f
		}
	}
	if err := req.parseValues(values); err != nil {
		return nil, err
	}
	return req, req.parseBody(values.Get("query"), r)
}

func (req *request) parseValues(values url.Values) error {
	for name, vs := range values {
		v := vs[len(vs)-1]
		if p, ok := strings.CutPrefix(name, "param_"); ok {
			req.params = append(req.params, Param{p, v})
			continue
		}
		if !notSettings[name] {
			req.settings = append(req.settings, Param{name, v})
		}
	}
	sortParams(req.params)
	sortParams(req.settings)
	if v := values.Get("readonly"); v != "" && v != "0" {
		req.readonly = true
	}
	for _, name := range []string{"compress", "decompress"} {
		if v := values.Get(name); v != "" && v != "0" {
			return badArguments("this endpoint does not compress; connect without compression")
		}
	}
	if v := values.Get("client_protocol_version"); v != "" {
		n, err := strconv.ParseUint(v, 10, 32)
		if err != nil {
			return badArguments("client_protocol_version " + strconv.Quote(v) + " is not a number")
		}
		req.revision = n
	}
	return nil
}

// parseBody finds the statement and an insert's data. As on a server, a
// statement may be split over the parameter "query" and the body.
func (req *request) parseBody(query string, r *http.Request) error {
	if enc := r.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return badArguments("this endpoint does not read bodies with the encoding " + strconv.Quote(enc))
	}
	var body io.Reader = http.NoBody
	if r.Body != nil {
		body = r.Body
	}
	req.sql = query
	if isInsert.MatchString(query) {
		if m := formatClause.FindStringSubmatchIndex(query); m != nil {
			req.insert, req.data = true, body
			req.sql, req.format = query[:m[0]], query[m[2]:m[3]]
			return nil
		}
	}
	b, err := io.ReadAll(io.LimitReader(body, maxStatement+1))
	if err != nil {
		return fmt.Errorf("read the statement: %w", err)
	}
	if len(b) > maxStatement {
		return badArguments("the statement is larger than 256 MiB")
	}
	if query != "" && len(b) > 0 {
		req.sql = query + "\n" + string(b)
	} else if query == "" {
		req.sql = string(b)
	}
	if strings.TrimSpace(req.sql) == "" {
		return &Exception{Code: 62, Message: "Code: 62. DB::Exception: Empty query. (SYNTAX_ERROR)"}
	}
	return nil
}

func badArguments(msg string) *Exception {
	return &Exception{Code: 36, Message: "Code: 36. DB::Exception: " + msg + ". (BAD_ARGUMENTS)"}
}

func bytesResponse(b []byte) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/octet-stream"}}, Body: io.NopCloser(bytes.NewReader(b)),
		ContentLength: int64(len(b)),
	}
}

func exceptionResponse(r *http.Request, ex *Exception) *http.Response {
	res := bytesResponse([]byte(ex.Message + "\n"))
	res.Status, res.StatusCode, res.Request = "500 Internal Server Error", http.StatusInternalServerError, r
	res.Header.Set("Content-Type", "text/plain; charset=UTF-8")
	if ex.Code != 0 {
		res.Header.Set("X-ClickHouse-Exception-Code", strconv.Itoa(ex.Code))
	}
	return res
}

// newTag marks the block of an error that happens after the answer began, so
// that it cannot be taken for data.
func newTag() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// contextReader stops reading when the context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
