package app

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Check looks at what the parser of a flag cannot: the addresses of the log and
// the store. Its errors do not repeat them, since they may hold a password.
func (c Config) Check() error {
	for _, u := range strings.Split(c.NATS, ",") {
		if c.NATS == "" {
			break
		}
		if err := checkURL(u, "nats", "tls", "ws", "wss"); err != nil {
			return &UsageError{fmt.Errorf("--nats: %w", err), "want nats://HOST:4222, several separated by commas; a user and password belong into CRUCIBLE_NATS_USER and CRUCIBLE_NATS_PASSWORD"}
		}
	}
	if c.ClickHouse == "" {
		return nil
	}
	if err := checkURL(c.ClickHouse, "clickhouse", "tcp", "native", "http", "https"); err != nil {
		return &UsageError{fmt.Errorf("--clickhouse: %w", err), "want clickhouse://USER:PASSWORD@HOST:9000/DATABASE or http://USER:PASSWORD@HOST:8123/DATABASE"}
	}
	return nil
}

// checkURL says what is wrong with an address without repeating it.
func checkURL(raw string, schemes ...string) error {
	u, err := url.Parse(raw)
	if err != nil || !strings.Contains(raw, "://") {
		return errors.New("this is not a URL")
	}
	if !slices.Contains(schemes, u.Scheme) {
		return fmt.Errorf("the scheme %q is not one of %s", u.Scheme, strings.Join(schemes, ", "))
	}
	for _, host := range strings.Split(u.Host, ",") {
		name, port, ok := strings.Cut(host[strings.LastIndexByte(host, ']')+1:], ":")
		if host == "" || strings.HasPrefix(host, ":") {
			return errors.New("the URL names no host")
		}
		if n, err := strconv.Atoi(port); ok && (err != nil || n < 1 || n > 65535) {
			return fmt.Errorf("the port of %s is not a number from 1 to 65535", name)
		}
	}
	return nil
}

// redacted is a list of URLs without what may be secret: of each remain its
// scheme, host and path. A list of which one part is no URL is not shown at all,
// since that part may be the end of a password.
func redacted(list string) string {
	if list == "" {
		return ""
	}
	if u, ok := redactURL(list); ok {
		return u
	}
	parts := strings.Split(list, ",")
	for i, raw := range parts {
		u, ok := redactURL(raw)
		if !ok {
			return "(not a URL)"
		}
		parts[i] = u
	}
	return strings.Join(parts, ",")
}

func redactURL(raw string) (string, bool) {
	u, err := url.Parse(raw)
	if err != nil || strings.Count(raw, "://") > 1 || u.Host == "" || strings.Contains(u.Path, "@") {
		return "", false
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), true
}
