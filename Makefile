# make chat      install, bring the index up to date, start the chat on http://localhost:8501
# make install   the environment alone; the command is then .venv/bin/ketamine-answers
# make test      all tests, two files at once (TESTS_AT_ONCE=1: one after another), then the browser's by themselves
# make lint      ruff and mypy
# make bench     timings, and the plain LangChain + Chroma stack beside ours
# make eval      the project's own question sets; report in data/evaluation.md

PYTHON ?= python3
BIN := .venv/bin
TESTS_AT_ONCE ?= 2
INSTALLED := .venv/.installed

.PHONY: chat install test lint bench eval chromium

chat: install
	$(BIN)/ketamine-answers chat

install: $(INSTALLED)

# torch comes first and by its exact version: a looser range pulls in gigabytes of GPU packages.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25"
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	@touch $@

test: install chromium
	$(BIN)/python -m pytest -n $(TESTS_AT_ONCE) --dist loadfile -m "not browser"
	$(BIN)/python -m pytest -m browser

chromium:
	@for name in "$$CHROMIUM" chromium chromium-browser google-chrome; do \
	  if [ -n "$$name" ] && command -v "$$name" >/dev/null; then exit 0; fi; done; \
	echo "The browser tests need Chromium. On Debian or Ubuntu: sudo apt-get install chromium"; \
	echo "Elsewhere install Chrome or Chromium and name it: make test CHROMIUM=/path/to/it"; exit 1

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install
	$(BIN)/python -m evals.bench

eval: install
	$(BIN)/ketamine-answers ingest
	$(BIN)/ketamine-answers evaluate --report data/evaluation.md
