# Crucible's tasks; `make` alone lists them.
#
# The repository is a workspace of modules: Go commands name the pattern `work`,
# because ./... would silently leave out the nested ones.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

GO        ?= go
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS   := -s -w -X github.com/crucible-go/crucible/internal/cli.version=$(VERSION)
TESTFLAGS ?= -timeout 20m
FUZZTIME  ?= 10s
BENCHTIME ?= 1s
MODULES   := . pkg tools
LINTER    := bin/golangci-lint

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: engine build ## run real experiments here: recorded answers, then a provider over HTTP
	bash examples/demo.sh

.PHONY: build
build: ## compile the command into bin/crucible
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/crucible ./cmd/crucible

.PHONY: engine
engine: ## fetch the ClickHouse engine library into the user's cache, if it is absent
	$(GO) run ./internal/store/chdb/fetch

.PHONY: test
test: engine ## run the tests of every module, the short end-to-end suite among them
	$(GO) test $(TESTFLAGS) work

.PHONY: race
race: engine ## run the tests under the race detector
	$(GO) test -race $(TESTFLAGS) work

.PHONY: e2e
e2e: engine build ## run the long end-to-end suite: kills, restarts, both shapes
	$(GO) test -tags long -count 1 -v -timeout 60m ./test/e2e/... ./internal/sandbox ./services/caller

.PHONY: fuzz
fuzz: engine ## fuzz every target for FUZZTIME (10s)
	@$(GO) list -f '{{.ImportPath}} {{.Dir}}' work | while read -r pkg dir; do \
		for f in $$({ grep -hoE '^func Fuzz[[:alnum:]_]+' "$$dir"/*_test.go 2>/dev/null || true; } | cut -c6-); do \
			echo "== $$pkg $$f"; \
			$(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) "$$pkg" </dev/null; \
		done; \
	done

.PHONY: bench
bench: engine ## run every benchmark for BENCHTIME (1s), with allocations
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) work

.PHONY: bench-calls
bench-calls: engine build ## measure calls against a simulated provider in a process of its own
	$(GO) run ./test/bench/calls -crucible bin/crucible

.PHONY: lint
lint: $(LINTER) ## gofmt, vet and the rules of .golangci.yml, on every module
	$(GO) vet work
	$(LINTER) run $$($(GO) list -f '{{.Dir}}/...' -m)

# Compiled from source at the version that tools/go.mod pins, outside the
# workspace so that its dependencies and ours do not meet.
$(LINTER): tools/go.mod tools/go.sum
	cd tools && GOWORK=off $(GO) build -o $(abspath $@) github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: gen
gen: ## regenerate the codec, the schemas and the reference made from them
	cd pkg/events && $(GO) generate .
	$(GO) run ./internal/schemagen

.PHONY: gen-check
gen-check: ## fail if a generated file is not what its generator makes
	$(GO) run ./internal/schemagen -check

.PHONY: tidy-check
tidy-check: ## fail if a go.mod or go.sum is not tidy
	@for m in $(MODULES); do \
		echo "tidy-check: $$m"; \
		(cd "$$m" && GOWORK=off $(GO) mod tidy -diff); \
	done

.PHONY: ci
ci: lint gen-check tidy-check build test ## everything that a change must pass
