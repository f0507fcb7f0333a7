# `make demo` and `make test` both set everything up on a fresh machine and can be repeated at will.
PYTHON ?= python3
VENV ?= .venv
LOCK ?= constraints.txt
B := $(VENV)/bin

.PHONY: demo test slow calibrate parity browser check lock clean

$(VENV)/.core: pyproject.toml $(LOCK)
	test -x $(B)/python || $(PYTHON) -m venv $(VENV)
	$(B)/python -m pip install -q -c $(LOCK) -e .
	touch $@

$(VENV)/.dev: $(VENV)/.core
	$(B)/python -m pip install -q -c $(LOCK) -e ".[dev]"
	touch $@

demo: $(VENV)/.core            ## set up, then run the main job on embedded data
	$(B)/assay study families --data digits

test: $(VENV)/.dev             ## set up, then the default tests
	$(B)/python -m pytest -n 2

slow: $(VENV)/.dev             ## the long tests
	$(B)/python -m pytest -n 2 -m slow tests

calibrate: $(VENV)/.dev        ## every row of the calibration table again
	$(B)/python -m pytest -n 2 -m calibration tests

parity: $(VENV)/.dev           ## attacks beside the reference on hundreds of examples
	$(B)/python -m pytest -n 2 -m parity tests --timeout 3600

browser: $(VENV)/.dev          ## the report in headless Chromium
	$(B)/python -m pytest -m browser tests/e2e

check: $(VENV)/.dev            ## lint and types
	$(B)/ruff check src tests benchmarks scripts examples
	$(B)/ruff format --check src tests benchmarks scripts examples
	$(B)/mypy

lock:                          ## pin everything anew from a fresh environment
	rm -rf .lock && $(PYTHON) -m venv .lock
	.lock/bin/python -m pip install -q "torch==2.13.0"
	.lock/bin/python -m pip install -q -e ".[dev]"
	.lock/bin/python -m pip freeze --exclude-editable | sed 's/+cpu//' > constraints.txt
	rm -rf .lock

clean:
	rm -rf $(VENV) .lock
