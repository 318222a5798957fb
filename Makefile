# What a person types. `make` alone explains itself.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The real servers that tests talk to; tools/lab.sh builds them.
SERVERS := prometheus promtool alertmanager amtool telemetrygen otelcol sloth pyrra loki victoria-metrics postgres haproxy wrk etcd caddy traefik jq kube-apiserver

# Where our Go code lives, as far as there is any.
SOURCES := $(wildcard cmd internal pkg test bench tools)

FUZZTIME ?= 10s
BENCH ?= .
BENCHTIME ?= 1s
ROWS ?= .

.PHONY: help
help: ## explain the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## compile bin/slo-engine
	go build -trimpath -ldflags "-s -w -X main.version=$$(git describe --always --dirty 2>/dev/null || echo dev)" \
	  -o bin/slo-engine ./cmd/slo-engine

.PHONY: demo
demo: build ## watch the engine catch a burn and heal it, nothing else to install
	bin/slo-engine demo

.PHONY: demo-haproxy
demo-haproxy: build ## the same at a real HAProxy, with wrk as its client
	tools/demo-haproxy.sh

.PHONY: test
test: tools lint ## check everything: servers, lint, all tests, ours with the race detector
	go test -race -vet=off -timeout 30m ./...
	@for mod in $(wildcard test/*/go.mod); do \
	  echo "$${mod%/go.mod}:"; (cd "$${mod%/go.mod}" && go test -vet=off -timeout 30m ./...); \
	done

.PHONY: test-short
test-short: ## test without the race detector and without what is slow
	go test -short ./...

.PHONY: lint
lint: ## check formatting, go vet, staticcheck
	@unformatted=$$(gofmt -l $(SOURCES)); \
	if [[ -n $$unformatted ]]; then echo "gofmt these files:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	@staticcheck=$$(tools/lab.sh staticcheck | cut -d' ' -f3-); \
	echo "staticcheck ./..."; "$$staticcheck" ./...

.PHONY: bench
bench: ## measure beside the peers, half an hour; the table goes to docs/performance.md (ROWS=regexp, LONG=1)
	go test -count 1 -v -timeout 90m -run '^TestTable$$' ./bench \
	  -args -full -rows '$(ROWS)' $(if $(LONG),-long) -write ../docs/performance.md

.PHONY: microbench
microbench: ## run the Go benchmarks (BENCH=regexp, BENCHTIME=1s)
	go test -run '^$$' -bench '$(BENCH)' -benchmem -benchtime $(BENCHTIME) \
	  $$(grep -rlE --include='*_test.go' '^func Benchmark' $(SOURCES) | xargs -n1 dirname | sort -u | sed 's|^|./|')

.PHONY: prove
prove: ## the long proofs, some two hours: kills, power losses, disk faults, simulated months; one line each
	@run() { echo "# $$*"; go test -count 1 -timeout 4h -v "$$@" | { grep -E '_test.go:|^(ok|FAIL|panic|--- FAIL)' || true; }; }; \
	run ./internal/engine -run '^(TestPowerLoss|TestDiskFaults)$$' -args -prove.scale=7; \
	run ./internal/store/journal -run 'Every|Killed|Power|Storm' -args -prove.scale=1; \
	run ./internal/store/state -run 'SQLite|PostgreSQL|ServerKilled' -args -prove.scale=20; \
	run ./pkg/gate -run '^TestProve' -args -prove.scale=20; \
	run ./test/sim -args -prove.scale=50; \
	run ./test/overload -args -prove.scale=10; \
	run ./test/heal -args -prove.scale=34; \
	run ./test/crash -args -prove.scale=84

.PHONY: fuzz
fuzz: ## fuzz each target for FUZZTIME (10s)
	tools/fuzz.sh $(FUZZTIME)

.PHONY: tools
tools: ## build the real servers that tests need, once, into .lab
	@tools/lab.sh $(SERVERS)

.PHONY: clean
clean: ## remove what was built, but not .lab (minutes to build) nor data
	rm -rf bin
	go clean -testcache
