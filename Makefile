# Molecule Operator. `make help` lists the targets; the two that matter are `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

# Node 24 is needed. Where the machine has an older one, the npm package `node` brings it into .dev/toolchain.
NODE_MAJOR := $(shell node --version 2>/dev/null | sed -E 's/^v([0-9]+).*/\1/')
ifeq ($(shell test "$(NODE_MAJOR)" -ge 24 2>/dev/null && echo yes),yes)
TOOLCHAIN :=
else
TOOLCHAIN := .dev/toolchain/node_modules/.bin/node
export PATH := $(CURDIR)/.dev/toolchain/node_modules/.bin:$(PATH)
endif
NODE_VERSION := 24.21.0
DEPS := node_modules/.package-lock.json
VITEST := node node_modules/vitest/vitest.mjs run

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-18s %s\n", $$1, $$2}'

.dev/toolchain/node_modules/.bin/node:
	@command -v npm >/dev/null || { echo "Cannot obtain Node $(NODE_VERSION): npm is missing. Install Node.js (any version) with npm and run again." >&2; exit 1; }
	@echo "Obtaining Node $(NODE_VERSION) (this machine has: $$(node --version 2>/dev/null || echo none))"
	@mkdir -p .dev/toolchain
	@npm install --prefix .dev/toolchain --ignore-scripts=false --no-fund --no-audit --loglevel=error node@$(NODE_VERSION)

$(DEPS): package.json package-lock.json | $(TOOLCHAIN)
	@npm ci --loglevel=error
	@touch $@

##@ Code
.PHONY: deps generate format lint typecheck test-unit verify build
deps: $(DEPS) ## Obtain Node 24 and the locked packages

generate: $(DEPS) ## Regenerate types, tables in docs/ and manifests/install.yaml
	node hack/generate-types.ts
	node hack/generate-reasons.ts
	node hack/generate-fields.ts
	node hack/build-install.ts

format: $(DEPS) ## Format the code
	npx biome format --write .

lint: $(DEPS) ## Lint style, import levels, cycles and purity
	npx biome lint --error-on-warnings .
	node hack/lint-architecture.ts

typecheck: $(DEPS) ## Check types
	npx tsc -p .

test-unit: $(DEPS) ## Unit tests
	$(VITEST) --project unit

verify: $(DEPS) ## generate, format, lint, typecheck, unit tests; fails on a dirty tree
	@node hack/test.ts verify

build: $(DEPS) ## Bundle the programs into dist/
	node hack/build.ts

##@ Tests
.PHONY: test-integration test-e2e test-nightly test bench attack torture soak
test-integration: build ## Tests against a real apiserver, Postgres and Gitea
	$(VITEST) --project integration

test-e2e: build ## Tests against a real cluster with a real kubelet
	$(VITEST) --project e2e

test-nightly: $(DEPS) ## The seeded runs of faults, sequences and records and the torture suites, many times as many
	FAULT_RUNS=3000 SEQUENCE_RUNS=3000 $(VITEST) --project unit test/unit/faults test/unit/sequence
	APPROVAL_PAIRS=1000000 $(VITEST) --project unit test/unit/rules/approval/record.test.ts
	node hack/torture.ts
	node hack/torture.ts --suite fuzz --runs 1000000
	node hack/torture.ts --suite races --runs 1000000

test: $(DEPS) ## Everything: verify, integration, e2e; the last line counts
	@node hack/test.ts all

BENCH ?= cold
bench: build ## Measure BENCH=cold|restart|drift|delete|assets with N Workspaces (200, 2000, 500, 200, 100)
	node hack/bench.ts $(BENCH) $(if $(N),--workspaces $(N))

attack: build ## Try every known way to destroy something unapproved (ONLY=route, OUTPUT=json)
	@node hack/attack.ts $(if $(ONLY),--only $(ONLY)) $(if $(OUTPUT),-o $(OUTPUT))

torture: $(DEPS) ## Hostile archives, fuzz, races, crashes and forges (SUITE=name, SEED=, RUNS=, OUTPUT=json)
	@node hack/torture.ts $(if $(SUITE),--suite $(SUITE)) $(if $(SEED),--seed $(SEED)) $(if $(RUNS),--runs $(RUNS)) $(if $(OUTPUT),-o $(OUTPUT))

MINUTES ?= 10
soak: build ## MINUTES of churn with faults; fails when memory or descriptors grow
	node hack/soak.ts --minutes $(MINUTES)

##@ Development cluster (state in .dev/)
.PHONY: cluster-up cluster-down forge-up forge-down postgres-up postgres-down image
cluster-up: $(DEPS) ## Start a cluster (CLUSTER=existing|kind, else a bare one of our own)
	@node hack/cluster.ts up

cluster-down: $(DEPS) ## Stop it and remove what it left on the machine
	@node hack/cluster.ts down

forge-up: $(DEPS) ## Start a Gitea
	@node hack/forge.ts up

forge-down: $(DEPS) ## Stop it
	@node hack/forge.ts down

postgres-up: $(DEPS) ## Start a Postgres for the ledger (LEDGER_URL overrides)
	@node hack/postgres.ts up

postgres-down: $(DEPS) ## Stop it
	@node hack/postgres.ts down

image: build ## Build the container image and load it into the development cluster
	@node hack/image.ts build

##@ Demo
.PHONY: demo demo-down
DEMO ?= tour
demo: build ## Cluster, forge, Postgres, operator and an org of agents (DEMO=heal damages one, DEMO=delete deletes one)
	@node hack/demo.ts $(DEMO)

demo-down: $(DEPS) ## Stop and remove it; remembered ports, logs and images stay in .dev/
	@node hack/demo.ts down

##@ Use on a cluster (current context)
.PHONY: install uninstall run
KUBECTL ?= kubectl
install: ## Install CRDs, policies, RBAC and the operator
	$(KUBECTL) apply --server-side -f manifests/install.yaml

uninstall: build ## Take operator, policies and kinds away, agents end; volumes and the ledger's namespace stay (ARGS=--dry-run)
	@node dist/kubectl-molecule.mjs uninstall --keep-data $(ARGS)

run: build ## Run the operator of this checkout here, for that cluster (ARGS=--help)
	@node hack/run.ts $(ARGS)

.PHONY: clean
clean: ## Remove dist/, node_modules/ and what make demo-down leaves in .dev/
	@test ! -e .dev/cluster.json || { echo 'A cluster is up: make demo-down first' >&2; exit 1; }
	rm -rf dist node_modules .dev
