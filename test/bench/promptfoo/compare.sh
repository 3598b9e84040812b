#!/usr/bin/env bash
# Asks the same questions with crucible and with promptfoo, one after the other,
# against the same simulated provider. PROMPTFOO is promptfoo's command; promptfoo
# needs Node 22.22 or newer. Further arguments go to the program, such as
# -calls 1000 -parallel 500.
set -euo pipefail
cd "$(dirname "$0")/../../.."
make -s engine build
go run ./test/bench/calls -crucible bin/crucible -promptfoo "${PROMPTFOO:-npx --yes promptfoo@0.123.1}" "$@"
