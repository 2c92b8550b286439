# The menu: `make help`. Every target sets up what it needs; only python3 (3.11 or newer) has to be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := uv==0.13.9

.DEFAULT_GOAL := help
.PHONY: docs help setup run test bench check lint types imports format vectors vectors-gjson vectors-durations vectors-regexp vectors-template fuzz-template bench-template crds lock controlplane clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## make the virtual environment from the locked dependencies

$(VENV)/.ready: requirements/dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $@

run: setup ## resolve examples/quickstart without a cluster and print the Secrets, values masked
	@$(BIN)/python -m injector render examples/quickstart

test: setup lint types controlplane ## pass all tests
	$(BIN)/pytest -n 2

# Only what a user's installation has: a development tool beside it would be imported by a library and counted.
.cache/runtime/.ready: requirements/runtime.lock pyproject.toml
	$(PYTHON) -m venv --clear .cache/runtime
	.cache/runtime/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/runtime.lock
	.cache/runtime/bin/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $@

.PHONY: bench-core
bench: bench-core bench-template bench-agent bench-webhook bench-controller ## print all figures (half an hour)

bench-core: setup .cache/runtime/.ready ## what the core and local mode cost: calls, start time, memory
	$(BIN)/python -m bench.core
	$(BIN)/python -m bench.start

.PHONY: bench-agent
bench-agent: setup .cache/runtime/.ready ## what the agent costs in a pod, beside python -c pass and bao agent
	$(BIN)/python -m bench.agent

check: setup lint types imports ## the fast loop: lint, types, layers, pure tests
	$(BIN)/pytest -n 2 -q -m "not server"

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: setup
	$(BIN)/mypy

imports: setup
	$(BIN)/lint-imports --no-logo

docs: setup ## write the pages that come from docstrings anew
	$(BIN)/python docs/generate.py

crds: setup ## write crds/ anew from the models and providers
	$(BIN)/python -m secretcore.crd crds

.PHONY: chart
chart: crds ## bring crds/ into the chart, and its README up to date
	rm -f charts/external-secrets-injector/files/crds/*.yaml
	cp crds/*.yaml charts/external-secrets-injector/files/crds/
	$(BIN)/python charts/readme.py

format: setup ## let ruff mend what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

vectors: vectors-gjson vectors-durations vectors-regexp vectors-template ## write tests/vectors anew (needs Go)

# $(call vectors,folder of the Go module,command in it,file of vectors)
vectors = cd tests/tools/$(1) && go run $(2) < $(2)/cases.json > $(CURDIR)/.cache/vectors.json && mv $(CURDIR)/.cache/vectors.json $(CURDIR)/tests/vectors/$(3).json

vectors-gjson:
	mkdir -p .cache && $(call vectors,gjson,.,gjson)

vectors-durations:
	mkdir -p .cache && $(call vectors,golang,./durations,durations)

vectors-regexp:
	mkdir -p .cache && $(call vectors,golang,./regexp,regexp)

vectors-template: setup ## ask Go about the template vectors anew (FILES=... for some)
	$(BIN)/python -m tests.secretcore.template.vectors $(FILES)

fuzz-template: setup ## 20,000 random templates and calls against Go's engine
	TEMPLATES=20000 $(BIN)/pytest -q -m server tests/secretcore/template/test_differential.py \
	    tests/secretcore/template/functions/test_differential.py

.cache/cluster/.ready: requirements/cluster.lock pyproject.toml
	$(PYTHON) -m venv --clear .cache/cluster
	.cache/cluster/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/cluster.lock
	.cache/cluster/bin/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $@

.PHONY: bench-controller
N ?= 1000 5000
bench-controller: setup .cache/cluster/.ready controlplane ## what N ExternalSecrets cost the controller, on a real API server
	for number in $(N); do $(BIN)/python -m bench.controller $$number || exit 1; done

.PHONY: bench-webhook
bench-webhook: setup .cache/cluster/.ready controlplane ## what an admission costs: rate, latency, memory
	$(BIN)/python -m bench.webhook

bench-template: setup ## what templates cost, beside Go
	$(BIN)/python -m bench.template

# Where the images are built, and under which names: docker, podman or buildah, the first that is there.
ENGINE ?= $(shell for engine in docker podman buildah; do command -v $$engine >/dev/null && echo $$engine && break; done)
REPOSITORY ?= localhost/external-secrets-injector
VERSION ?= $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
IMAGES ?= controller agent
BUILD_ARGS ?=

.PHONY: image sbom engine
engine:
	@test -n "$(ENGINE)" || { echo "docker, podman or buildah is needed: install one, or name it: make ENGINE=..." >&2; exit 1; }

image: engine ## build the images controller and agent (docs/images.md)
	for image in $(IMAGES); do \
	    $(ENGINE) build $(BUILD_ARGS) --build-arg VERSION=$(VERSION) --target $$image \
	        --tag $(REPOSITORY)/$$image:$(VERSION) . || exit 1; \
	done

.cache/sbom/.ready: requirements/sbom.lock
	$(PYTHON) -m venv --clear .cache/sbom
	.cache/sbom/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/sbom.lock
	touch $@

sbom: engine .cache/sbom/.ready ## write what the built images hold into dist/*.cdx.json (CycloneDX)
	for image in $(IMAGES); do \
	    .cache/sbom/bin/python images/sbom.py "$(ENGINE)" $(REPOSITORY)/$$image:$(VERSION) dist/$$image.cdx.json || exit 1; \
	done

lock: ## resolve the dependencies anew into requirements/*.lock
	$(PYTHON) -m venv .cache/uv && .cache/uv/bin/pip install --quiet $(UV)
	.cache/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	    --all-extras --group dev pyproject.toml requirements/build.in -o requirements/dev.lock
	.cache/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	    pyproject.toml requirements/build.in -o requirements/runtime.lock
	.cache/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	    --extra cluster pyproject.toml requirements/build.in -o requirements/cluster.lock
	.cache/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	    pyproject.toml -o requirements/agent.lock
	.cache/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	    --extra cluster pyproject.toml -o requirements/controller.lock
	.cache/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	    requirements/build.in -o requirements/build.lock
	.cache/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	    requirements/sbom.in -o requirements/sbom.lock
	.cache/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	    requirements/moto.in -o requirements/moto.lock
	.cache/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	    requirements/go.in -o requirements/go.lock

controlplane: setup ## build etcd and Kubernetes' servers for the tests, once (ten minutes when nothing is cached)
	@$(BIN)/python -m tests.support.binaries

.PHONY: signature-vectors
signature-vectors: setup ## have botocore sign the requests that our signatures are compared with
	$(BIN)/python -m tests.backends.sigv4_cases

clean: ## remove what was built and cached in this folder
	rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
