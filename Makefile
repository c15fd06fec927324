# csvlake. `make` alone lists the targets; each sets up what it needs on a fresh machine.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

UV_VERSION := 0.13.9
UV := $(or $(shell command -v uv),$(CURDIR)/.tools/uv/bin/uv)
PY := .venv/bin/python
NATIVE := functions/csvlake/engine/native
KERNEL := $(NATIVE)/kernel.$(shell uname -sm | tr 'A-Z ' 'a-z-').so
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv
export PATH := $(dir $(UV)):$(PATH)

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(CURDIR)/.tools/uv/bin/uv:
	@echo "uv is not on PATH: fetching $(UV_VERSION) into .tools/uv"
	@python3 -m venv .tools/uv 2>/dev/null && .tools/uv/bin/pip install --quiet uv==$(UV_VERSION) \
	  || python3 -m pip install --quiet --target .tools/uv uv==$(UV_VERSION) \
	  || { echo "could not fetch uv: install it (https://docs.astral.sh/uv/) or python3-venv, and run make again" >&2; exit 1; }

.venv/.ready: uv.lock pyproject.toml local/pyproject.toml | $(UV)
	@echo "setting up Python $$(cat .python-version) and the locked packages in .venv (the first time takes a minute)"
	@$(UV) sync --frozen --quiet
	@touch $@

$(KERNEL): .venv/.ready $(wildcard $(NATIVE)/*.[ch]) $(NATIVE)/Makefile
	@$(MAKE) --no-print-directory --silent -C $(NATIVE) PYTHON="$(CURDIR)/$(PY)" $(notdir $@)

.PHONY: setup
setup: $(KERNEL) ## make .venv with everything that is locked in uv.lock, and build the engine's kernel

.PHONY: demo
demo: $(KERNEL) ## the main job on this machine: CSVs in, SQL answers out; no AWS account, no Docker (ENGINE=trino: a real Trino answers)
	@$(PY) -m local demo $(if $(ENGINE),--engine $(ENGINE))

.PHONY: up
up: $(KERNEL) ## start the local AWS with csvlake deployed, and leave it running
	@$(PY) -m local up $(if $(ENGINE),--engine $(ENGINE))

.PHONY: down
down: .venv/.ready ## stop the local AWS
	@$(PY) -m local down

.PHONY: status
status: .venv/.ready ## say what runs
	@$(PY) -m local status

.PHONY: test
test: $(KERNEL) ## all tests: first those without sockets, then end to end on the local AWS
	@$(PY) -m pytest -rs -n 2 --ignore=tests/local tests
	@$(PY) -m pytest -rs tests/local

.PHONY: nightly
nightly: $(KERNEL) ## what is too long for every change: 20,000 random examples a property, files of gigabytes
	@CSVLAKE_RANDOM=1 CSVLAKE_EXAMPLES=$(or $(EXAMPLES),20000) $(PY) -m pytest -rs -n 2 tests/property
	@$(PY) -m pytest -rs -s tests/nightly/real_limits.py
	@CSVLAKE_CRASHES=all $(PY) -m pytest -rs -n 2 tests/crash

.PHONY: fuzz
fuzz: $(KERNEL) ## random bytes to the kernel under gcc's sanitizers, then odd CSV files to the engine (SECONDS=60, each)
	@mkdir -p .local
	@$(CC) -std=c11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all -I$(NATIVE) \
	  $(NATIVE)/scan.c $(NATIVE)/read.c tests/native/fuzz_kernel.c -o .local/fuzz_kernel
	@.local/fuzz_kernel $(or $(SECONDS),60)
	@$(UV) sync --frozen --quiet --group fuzz
	@PYTHONPATH=functions:. $(PY) -m tests.fuzz.fuzz_convert .local/fuzz -max_total_time=$(or $(SECONDS),60) \
	  -timeout=20 -rss_limit_mb=700 -max_len=4096 -artifact_prefix=.local/fuzz-

.PHONY: judge
judge: .venv/.ready ## ask the local Athena and a real Trino the same, and compare (needs a JDK 25 and Maven)
	@$(PY) -m tests.judge.run

.PHONY: bench
bench: $(KERNEL) ## csvlake against polars, DuckDB, pandas and pyarrow; writes docs/bench.md (QUICK=1: a minute, no file)
	@$(UV) sync --frozen --quiet --group bench
	@$(PY) -m tests.bench.run $(if $(QUICK),--quick) $(if $(BENCH_SCALE),--scale $(BENCH_SCALE))

.PHONY: wheel
wheel: .venv/.ready ## the package, with the kernel for Linux and macOS, in dist/
	@$(MAKE) --no-print-directory --silent -C $(NATIVE) PYTHON="$(CURDIR)/$(PY)" all
	@$(UV) build --quiet --wheel

.PHONY: bench-lake
bench-lake: $(KERNEL) ## 2,000 files in 50 tables at once on the local AWS, against the common Lambda; writes docs/bench-lake.md
	@$(PY) -m tests.bench.lake

.PHONY: bench-far
bench-far: $(KERNEL) ## what distance costs: 200 MB from an S3 that is 30 ms away, and an upload to it
	@$(UV) sync --frozen --quiet --group bench
	@$(PY) -m tests.bench.far

.PHONY: check
check: .venv/.ready ## lint, format, types, layers of imports, templates
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache --verbose | tail -n 12
	@.venv/bin/cfn-lint template.yaml

.PHONY: format
format: .venv/.ready ## format the code
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format --quiet .

.PHONY: clean
clean: ## remove what was built (stop the local AWS first: make down)
	@rm -rf .venv .tools .aws-sam .local .pytest_cache .mypy_cache .ruff_cache .hypothesis dist $(NATIVE)/*.so
