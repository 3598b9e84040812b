#!/usr/bin/env bash
# Two real experiments in one process each, nothing but loopback in use:
# recorded answers, then a provider over HTTP that this script starts and stops.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
crucible=${CRUCIBLE:-bin/crucible}

work=$(mktemp -d)
server=
cleanup() {
	status=$?
	trap - EXIT
	if [ -n "$server" ]; then
		kill "$server" 2>/dev/null || true
		wait "$server" 2>/dev/null || true
	fi
	[ "$status" -eq 0 ] || cat "$work"/simulate.log >&2 2>/dev/null || true
	rm -rf "$work"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# field NAME: a text of the one line of JSON on standard input.
field() { sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p'; }

experiment() {
	echo "== $1" >&2
	"$crucible" run --json "$1" >"$work/run.json"
	local report
	report=$(field dir <"$work/run.json")/report.md
	echo "   $report" >&2
	sed -n '/^> \*\*SIMULATED/{s/[>*]//g;s/^ */   /;p;q}' "$report" # whose answers these are
	sed -n '/^### accuracy/,/^###* [^a]/{/^#/d;s/^|/   |/;p}' "$report"
	sed -n '/^The hypothesis/{s/^/   /;p}' "$report" | fold -s -w 100 | sed '2,$s/^/   /'
}

experiment examples/arithmetic.yaml

"$crucible" simulate --json --listen 127.0.0.1:0 --seed 42 \
	--answers examples/arithmetic/problems.jsonl --input question --expected answer \
	--model id=sim-small,accuracy=0.62,p50=15ms,p95=40ms,p99=80ms,rate_limit_rate=0.01,retry_after=50ms \
	--model id=sim-medium,accuracy=0.74,p50=20ms,p95=50ms,p99=100ms \
	--model id=sim-large,accuracy=0.82,p50=40ms,p95=80ms,p99=150ms \
	>"$work/simulate.json" 2>"$work/simulate.log" &
server=$!
for _ in $(seq 100); do
	[ -s "$work/simulate.json" ] && break
	kill -0 "$server" 2>/dev/null || { echo "the simulated provider did not start" >&2; exit 1; }
	sleep 0.1
done
CRUCIBLE_SIMULATE_URL=$(field url <"$work/simulate.json")
export CRUCIBLE_SIMULATE_URL
[ -n "$CRUCIBLE_SIMULATE_URL" ] || { echo "the simulated provider said no address" >&2; exit 1; }
experiment examples/arithmetic-http.yaml
