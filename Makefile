# The menu: `make help`. Every target sets up what it needs; only python3 (3.11 or newer) has to be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := uv==0.13.9

.DEFAULT_GOAL := help
.PHONY: help setup run test check lint types imports format lock clean vectors-template fuzz-template bench-template

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## make the virtual environment from the locked dependencies

$(VENV)/.ready: requirements/dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $@

test: setup ## pass all tests
	$(BIN)/pytest -n 2

check: setup lint types imports ## the fast loop: lint, types, layers, pure tests
	$(BIN)/pytest -n 2 -q -m "not server"

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: setup
	$(BIN)/mypy

imports: setup
	$(BIN)/lint-imports --no-logo

format: setup ## let ruff mend what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

vectors-template: setup ## ask Go about the template vectors anew (FILES=... for some)
	$(BIN)/python -m tests.secretcore.template.vectors $(FILES)

fuzz-template: setup ## 20,000 random templates and calls against Go's engine
	TEMPLATES=20000 $(BIN)/pytest -q -m server tests/secretcore/template/test_differential.py \
	    tests/secretcore/template/functions/test_differential.py

bench-template: setup ## what templates cost, beside Go
	$(BIN)/python -m bench.template

lock: ## resolve the dependencies anew into requirements/*.lock
	$(PYTHON) -m venv .cache/uv && .cache/uv/bin/pip install --quiet $(UV)
	.cache/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	    --all-extras --group dev pyproject.toml requirements/build.in -o requirements/dev.lock
	.cache/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	    requirements/moto.in -o requirements/moto.lock

clean: ## remove what was built and cached in this folder
	rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
