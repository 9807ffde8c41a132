# Each target sets itself up: the first run makes .venv, later runs start at once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: app test train lint clean

app: $(VENV)/.app
	$(BIN)/python -m app

test: $(VENV)/.dev
	$(BIN)/python -m pytest

train: $(VENV)/.app
	$(BIN)/python -m ebm train

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.app: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	touch $(VENV)/.app $@

clean:
	rm -rf $(VENV) .venv-peers runs report out
