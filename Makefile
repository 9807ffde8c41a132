# Each target sets itself up: the first run makes .venv, later runs start at once.
PYTHON ?= python3
VENV := .venv
TOOLS := .venv-tools
BIN := $(VENV)/bin
COMPILE := --upgrade --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header --no-annotate --quiet

.PHONY: app test train lint engine lock audit licences clean

app: $(VENV)/.app
	$(BIN)/python -m app

# Lint, types, then the tests in two processes: each has an explorer, a browser and a thread of its own.
test: lint
	$(BIN)/python -m pytest -n 2 --no-loadscope-reorder --durations 10

train: $(VENV)/.app
	$(BIN)/python -m ebm train

# The WebAssembly engine of the page, by clang and lld; it ships, so only who changes its sources needs this.
engine:
	$(BIN)/python -m app.engine.build

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.app: requirements.lock | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.lock
	touch $(VENV)/.app $@

# Exact versions with their digests, for every system; by uv, in an environment of its own.
lock: $(TOOLS)/.done
	$(TOOLS)/bin/uv pip compile $(COMPILE) requirements.txt -o requirements.lock
	$(TOOLS)/bin/uv pip compile $(COMPILE) requirements.txt requirements-dev.txt -o requirements-dev.lock

# Known vulnerabilities of the locked versions; asks an advisory service, so it needs a network that reaches one.
audit: $(TOOLS)/.done
	$(TOOLS)/bin/pip-audit --disable-pip --requirement requirements.lock

licences: $(VENV)/.app $(TOOLS)/.done
	$(TOOLS)/bin/pip-licenses --python $(BIN)/python --from mixed --format csv --output-file docs/licences.csv \
	    --packages $$(sed -n 's/^\([A-Za-z0-9_.-]*\)==.*/\1/p' requirements.lock)

$(TOOLS)/.done:
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet uv pip-audit pip-licenses
	touch $@

clean:
	rm -rf $(VENV) .venv-peers $(TOOLS) runs report out *.egg-info
