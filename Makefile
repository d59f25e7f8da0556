# What people type. Everything runs in .venv, which is made on first use.

SHELL := bash
VENV := .venv
BIN := $(VENV)/bin
NEEDED := python3 git curl jq
SHELLCHECK := shellcheck .ci/run demo/run

.PHONY: demo test story storm attacks lint format check-tools
.DEFAULT_GOAL := test

check-tools:
	@missing=""; for tool in $(NEEDED); do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	if [ -n "$$missing" ]; then echo "Needed and not found:$$missing" >&2; exit 1; fi; \
	python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "Needed: Python 3.11 or newer; python3 is $$(python3 --version)" >&2; exit 1; }

$(BIN)/portctl: pyproject.toml | check-tools
	@echo "Installing into $(VENV)"
	@python3 -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[sandbox]'
	@touch $@

$(BIN)/pytest: pyproject.toml | $(BIN)/portctl
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(BIN)/portctl
	@PATH="$(CURDIR)/$(BIN):$$PATH" demo/run
	@PATH="$(CURDIR)/$(BIN):$$PATH" portctl demo --scenario approve-in-port

test: $(BIN)/pytest
	$(BIN)/pytest $(ARGS)

story: $(BIN)/pytest
	$(BIN)/pytest tests/story

storm: $(BIN)/pytest
	$(BIN)/pytest tests/storm

attacks: $(BIN)/pytest
	$(BIN)/pytest tests/attacks $(ARGS)

lint: $(BIN)/pytest
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@if command -v shellcheck >/dev/null; then $(SHELLCHECK); \
	else echo "shellcheck is not installed: shell scripts were not looked at"; fi

format: $(BIN)/pytest
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
