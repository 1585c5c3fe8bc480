# The two commands of the README, and what they hang on. Nothing here needs root.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
CONFIG ?=

.PHONY: run test lint setup setup-dev real lock clean

run: setup            ## the whole service: the simulated province, or CONFIG=path for a real one
	@$(if $(CONFIG),$(BIN)/netmon run "$(CONFIG)",$(BIN)/netmon demo)

test: setup-dev real  ## every test; what cannot run says why
	@$(BIN)/python -m pytest -n 2 --dist loadfile

lint: setup-dev       ## ruff, mypy strict, import rule
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

setup: $(VENV)/.run
setup-dev: $(VENV)/.dev

$(VENV)/.run: constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if v >= (3, 11) else "netmon needs Python 3.11 or newer; this is %d.%d. Set PYTHON=/path/to/python3.11" % v)'
	@echo "Setting up Python packages in $(VENV) (once; about half a minute) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run constraints-dev.txt
	@echo "Setting up the packages that the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints-dev.txt
	@touch $@

real: setup-dev       ## real components for the tests: Debian packages, unpacked without root
	@$(BIN)/python -m tests.real.fetch

UV = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml

lock: setup-dev       ## pin the newest versions that pyproject.toml allows
	@$(UV) --upgrade --extra build -o constraints.txt
	@$(UV) --upgrade --extra build --extra postgres --extra dev -c constraints.txt -o constraints-dev.txt

clean:
	rm -rf $(VENV) .build
