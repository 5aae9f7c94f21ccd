# One word a door: `make help` lists them. Each sets up what it needs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := run

# Python's packages are installed while the front end is built.
MAKEFLAGS += --jobs=2

# VERBOSE=1 shows each command, and all that it says.
export VERBOSE
ifndef VERBOSE
.SILENT:
endif

PYTHON ?= python3

# Bytecode is kept, whatever the environment says: a trainer is a process of its own, and would compile torch's sources each time.
export PYTHONDONTWRITEBYTECODE :=

VENV := .venv
BIN := $(VENV)/bin
LOCKED := $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --no-deps --require-hashes --no-compile
STEP := $(CURDIR)/$(BIN)/python $(CURDIR)/requirements/step.py
STAMPS := $(VENV)/stamps
# One thread each, and neither many arenas nor many compiled primitives: what one test has used, the next ones rarely need.
PYTEST := OMP_NUM_THREADS=1 MALLOC_ARENA_MAX=2 ONEDNN_PRIMITIVE_CACHE_CAPACITY=16 $(BIN)/python -m pytest --dist loadfile
COMPUTING := tests/worker tests/benchmarks
COMPONENTS := tests/worker/components
# Their files take longest: begun first, none is left alone at the end.
WAITING := tests/faults tests/e2e tests/past tests/lathe
OTHERS := $(filter-out $(COMPUTING) $(WAITING) tests/__pycache__,$(patsubst %/,%,$(wildcard tests/*/))) $(wildcard tests/test_*.py)

.PHONY: run test test-fast e2e faults truth bench lint format lock client wheel clean system help

# PORT, DATA_DIR: where, as for `lathe up`, whose other settings the environment has.
run: $(STAMPS)/run $(STAMPS)/frontend $(BIN)/lathe ## start everything and print one link
	exec $(BIN)/lathe up $(if $(PORT),--port "$(PORT)") $(if $(DATA_DIR),--data "$(DATA_DIR)") $(if $(VERBOSE),--verbose)

# Those that compute, as many as a small machine has processors; then one more of the others, as they wait for processes.
# Apart, each holds a part of what has to be imported and compiled.
test: lint $(STAMPS)/frontend system ## run the linters and every test
	failed=0
	$(PYTEST) -n 2 $(COMPONENTS) || failed=$$?
	$(PYTEST) -n 2 $(COMPUTING) --ignore $(COMPONENTS) || failed=$$?
	$(PYTEST) -n 3 --no-loadscope-reorder $(WAITING) $(OTHERS) || failed=$$?
	exit $$failed

test-fast: $(STAMPS)/dev $(STAMPS)/frontend ## run the tests that need no server, no browser and no other process
	$(PYTEST) -n 2 --fast

e2e: $(STAMPS)/dev $(STAMPS)/frontend system ## run the tests in a real browser
	$(BIN)/python -m pytest tests/e2e

# N: how often each single fault is injected; SEQUENCES: how many random sequences of them are played.
faults: $(STAMPS)/dev $(STAMPS)/frontend system ## kill, stop and steer real workers, N times each fault
	FRESH=1 N="$(or $(N),1)" SEQUENCES="$(or $(SEQUENCES),1000)" $(BIN)/python -m pytest tests/faults

# N: how many runs are drawn.
truth: $(STAMPS)/dev system ## recompute each number that N runs on data of any kind show, from their files
	DRAWS="$(or $(N),500)" $(PYTEST) -n 2 --dist load tests/worker/truth

bench: $(STAMPS)/dev $(STAMPS)/frontend system ## measure the figures of the README
	$(BIN)/python -m benchmarks

lint: $(STAMPS)/dev $(STAMPS)/frontend ## check style and types, of Python and of the front end
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy & types=$$!
	(cd frontend && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent check)
	wait $$types

format: $(STAMPS)/dev ## rewrite Python in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(STAMPS)/dev ## lock the dependencies of pyproject.toml anew, with hashes
	$(BIN)/python -m pip install --quiet uv
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python requirements/lock.py

client: $(STAMPS)/dev $(STAMPS)/frontend ## write the API's description, and from it the client's models and the front end's types
	$(BIN)/python -m backend.api.openapi > frontend/openapi.json
	$(BIN)/python client/wire/generate.py
	cd frontend && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent types

wheel: $(STAMPS)/build $(STAMPS)/frontend ## build the wheel that pip installs anywhere, pages and all
	rm -rf dist
	$(STEP) 'Building the wheel' $(BIN)/python -m pip wheel --no-deps --no-build-isolation --wheel-dir dist .
	echo "$$(ls dist/*.whl): pip install 'FILE[all]' brings everything, pip install FILE the client alone"

clean: ## remove what the other commands have made, except data/
	rm -rf $(VENV) dist backend/static frontend/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Installed when root, named when not.
system: ## install what the tests need from the system
	@tests/system.sh

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Lathe needs Python 3.11 or newer: make run PYTHON=python3.12'; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'This Python has no venv module: apt-get install python3-venv'; exit 1; }

# The CPU build of torch is taken where one is at hand, which has to be asked for: a wheel of an index goes before one that merely
# lies there. The CUDA build brings its libraries, locked like everything else.
$(STAMPS)/run: requirements/base.lock requirements/worker.lock requirements/torch.lock requirements/cuda.lock | $(BIN)/python
	$(STEP) 'Installing the server and the worker' $(LOCKED) -r requirements/base.lock -r requirements/worker.lock
	at_hand='$(LOCKED) --no-index -r requirements/torch.lock 2>/dev/null'
	$(STEP) 'Installing torch' sh -c "$$at_hand || $(LOCKED) -r requirements/torch.lock"
	if $(BIN)/python -c 'import importlib.metadata as m, sys; sys.exit(not any(r.startswith("nvidia") for r in m.requires("torch")))'; then
		$(STEP) 'Installing the libraries of CUDA' $(LOCKED) -r requirements/cuda.lock
	fi
	mkdir -p $(STAMPS) && touch $@

# The command of this checkout, from whatever folder.
$(BIN)/lathe: Makefile | $(BIN)/python
	printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s" -P -m lathe "$$@"\n' '$(CURDIR)' '$(CURDIR)/$(BIN)/python' > $@
	chmod +x $@

$(STAMPS)/build: requirements/build.lock | $(BIN)/python
	$(STEP) 'Installing Node.js' $(LOCKED) -r requirements/build.lock
	mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: requirements/dev.lock $(STAMPS)/run
	$(STEP) 'Installing the tools of tests and linters' $(LOCKED) -r requirements/dev.lock
	mkdir -p $(STAMPS) && touch $@

$(STAMPS)/frontend: $(STAMPS)/build $(shell find frontend -type f -not -path '*/node_modules/*')
	cd frontend
	export PATH="$(CURDIR)/$(BIN):$$PATH"
	$(STEP) "Installing the front end's packages" npm ci --no-audit --no-fund
	$(STEP) 'Building the front end' npm run build
	touch ../$@
