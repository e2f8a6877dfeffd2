# Everything a checkout needs. `make demo` and `make test` set themselves up; python3.11 and make are enough.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN    := .venv/bin
RUN    := $(BIN)/python -m
TESTS  := $(RUN) pytest -n 2 --dist loadgroup
CORE   := syncd/reconcile syncd/mapping syncd/apply

# uv does not read pip's settings: lend it the index that pip uses here, unless it was given one. No host is ever stored.
INDEX = if [ -z "$${UV_DEFAULT_INDEX:-}$${UV_INDEX_URL:-}" ]; then \
	index=$$($(RUN) pip config list 2>/dev/null | sed -n "s/^\(:env:\|install\|global\)\.index-url='\(.*\)'$$/\2/p" | head -n 1); \
	if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$$index"; fi; fi
LOCK  = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --no-annotate $(UPGRADE)

# A copied checkout brings a .venv that runs the original's code: make a new one.
ifneq ($(file <.venv/.ok),$(CURDIR))
.PHONY: .venv/.ok
endif

.PHONY: help venv demo test lint format coverage prove bench lock clean

help:  ## say what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

venv: .venv/.ok  ## make or renew .venv from the lock

# Bootstrap uv with pip, by hash; uv then makes .venv equal to the lock. Where uv cannot reach what pip can (an index
# behind settings of pip's own), pip installs the same lock by the same hashes, only slower.
.venv/.ok: pyproject.toml requirements.lock requirements-bootstrap.lock
	@if [ "$(file <.venv/.ok)" != "$(CURDIR)" ] || ! $(BIN)/uv --version >/dev/null 2>&1; then \
		"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "syncd needs Python 3.11 or newer")' && \
		"$(PYTHON)" -m venv --clear .venv && \
		$(RUN) pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements-bootstrap.lock; \
	fi
	@$(INDEX); $(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock || { \
		echo "uv could not install the lock; trying pip" >&2; \
		$(RUN) pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements.lock; }
	@$(BIN)/uv pip install --quiet --offline --python $(BIN)/python --no-deps --no-build-isolation -e .
	@printf '%s' "$(CURDIR)" >$@

demo: venv  ## PerfectQuote and BenefitPoint kept in step on this machine (ARGS=--files: two file drops)
	@$(BIN)/syncd demo $(ARGS)

test: venv  ## the tests, without the long ones (ARGS=... are handed on)
	@$(TESTS) $(ARGS)

lint: venv  ## style, types, shape, and the checks of .ci
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict syncd
	$(BIN)/lint-imports
	@for check in .ci/check_*.py; do echo "$$check"; $(BIN)/python "$$check" || exit 1; done

format: venv  ## let ruff lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

coverage: venv  ## every branch of the core is taken by a test
	$(TESTS) $(CORE:%=--cov=%) --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100 $(ARGS)

prove: venv coverage  ## the long ones: 5,000 histories, mutations, kills at every moment
	$(TESTS) -m prove $(ARGS)

bench: venv  ## speed, as ratios
	$(RUN) benchmarks $(ARGS)

lock: venv  ## write the locks from pyproject.toml (UPGRADE=--upgrade for newer versions)
	@$(INDEX); $(LOCK) pyproject.toml --all-extras -o requirements.lock
	@$(INDEX); echo hatchling | $(LOCK) pyproject.toml - --constraints requirements.lock -o requirements-runtime.lock
	@$(INDEX); echo uv | $(LOCK) - --constraints requirements.lock -o requirements-bootstrap.lock
	@$(BIN)/python .ci/check_lock.py

clean:  ## forget everything that was made here
	rm -rf .venv dist htmlcov .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
