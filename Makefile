# The two commands: `make demo` and `make test`; each does all its set-up in .venv. `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
        --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.PHONY: help demo test lint bench faults docs screenshots lock clean

help:           ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

demo: .venv/run.stamp  ## set up, run every method over a sample set, write demo/report.html
	$(BIN)/ecgbench demo demo

# Tests start some hundred Pythons: each would compile all that it imports where bytecode may not be kept. One thread each, as there is one
# test process a core: OpenCV's threads wait for each other by turning round. And memory of pictures is kept, as workers keep it, instead of
# being taken from the kernel anew for each, which in tests of pictures is two thirds of the kernel's time.
TESTING := PYTHONDONTWRITEBYTECODE= OPENCV_FOR_THREADS_NUM=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
           MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=1073741824

# Half as many test processes again as there are cores: a third of the time tests wait for servers, browsers and processes that start. Two a
# core take longer, since each process collects all tests.
TEST_PROCESSES ?= $(shell $(PYTHON) -c "import os; cores = os.cpu_count() or 1; print(cores + cores // 2)")

test: .venv/dev.stamp  ## set up, run the tests
	$(TESTING) $(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist worksteal $(TESTS)

lint: .venv/dev.stamp  ## ruff, mypy, import contract, generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/ecgbench docs --check

bench: .venv/dev.stamp .venv-peers/stamp  ## the project's own speed, against peers too, into benchmarks/RESULTS.md; QUICK=1 for a short look
	$(BIN)/python benchmarks/run_all.py $(if $(QUICK),--quick)

faults: .venv/dev.stamp  ## break everything on purpose and count what is lost; CASE='server_*' for some
	$(BIN)/python -m faults $(or $(CASE),'*')

docs: .venv/run.stamp  ## write docs/functions/*.md
	$(BIN)/ecgbench docs

screenshots: .venv/dev.stamp  ## renew the pictures of docs/dashboard.md, from a run of the demo set
	$(BIN)/python benchmarks/screenshots.py

lock: .venv/dev.stamp  ## renew the hash-pinned requirements
	$(LOCK) -o requirements/run.txt pyproject.toml
	$(LOCK) --extra server -o requirements/server.txt pyproject.toml
	$(LOCK) --all-extras -o requirements/dev.txt pyproject.toml
	$(LOCK) -c requirements/dev.txt -o requirements/peers.txt requirements/peers.in

clean:          ## remove what the targets made
	rm -rf .venv .venv-peers demo build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "ecgbench needs Python 3.11 or later; run: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run.stamp: .venv/bin/python requirements/run.txt pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@$(BIN)/python -c 'import cv2' || { echo "OpenCV needs two system libraries; on Debian: apt-get install libgl1 libglib2.0-0"; exit 1; }
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

.venv-peers/stamp: .venv/bin/python requirements/run.txt requirements/peers.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt -r requirements/peers.txt
	.venv-peers/bin/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@
