# make setup, demo, test, check, bench, docs: each makes .venv first when it is missing or older than constraints.txt.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
STAMP := .venv/.installed
# Quiet to the level of errors: a source of packages that lacks one of them is no news.
PIP := $(BIN)/pip install -qq --disable-pip-version-check
CODE := src ingest prompts tests examples benchmarks tools training

.PHONY: setup demo test check bench docs lock samples clean

setup: $(STAMP)

# torch goes first and by its exact pin: left to another package's open range, pip takes the newest build, on Linux with
# gigabytes of CUDA. What follows is pinned too, so nothing is left to choose.
$(STAMP): constraints.txt pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "mmrag needs Python 3.11 or newer: make setup PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Setting up .venv (a few minutes the first time)"
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	@$(PIP) "$$(grep '^torch==' constraints.txt)"
	@$(PIP) -r constraints.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/pip check
	@touch $@

demo: setup
	$(BIN)/python examples/demo.py

test: setup
	$(BIN)/pytest -n 2 $(ARGS)

check: setup
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/mypy examples benchmarks tools
	$(BIN)/mypy -p training
	$(BIN)/lint-imports
	$(BIN)/python tools/constraints.py

bench: setup
	@set -e; for bench in benchmarks/[a-z]*.py; do echo "== $$bench"; $(BIN)/python "$$bench" --quick; done

# The documentation as a site in site/. Any warning is an error. The variable silences the theme's notice of its own end of life.
docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

# Pin what is installed now; run it after adding a dependency to pyproject.toml and installing it.
lock:
	$(BIN)/python tools/constraints.py --write

# Draw the committed sample documents anew.
samples: setup
	$(BIN)/python tools/make_samples.py

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist demo-out bench-out site
