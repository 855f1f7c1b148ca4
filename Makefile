# The README's two commands are `make hil` and `make test`. They need python3 (3.11 or later, with venv), make and the
# package index, nothing else. `make interop` needs root and Debian packages; .ci/run installs those.

PYTHON ?= python3
VENV := .venv
PYSLAC := .venv-pyslac
READY := $(VENV)/.ready
PYTEST := $(VENV)/bin/pytest

.PHONY: hil test lint bench interop clean

hil: $(READY)
	$(PYTEST) hil_tests --alluredir allure-results --clean-alluredir

test: hil lint
	$(PYTEST) tests --ignore tests/interop -n 3 --dist loadgroup

lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(READY)
	$(VENV)/bin/python -m benchmarks

# Judges from outside, on interfaces it makes itself: root, and the Debian packages of .ci/run.
# Side by side, because in real time they mostly wait; what belongs together in one file stays in order.
interop: $(READY) $(PYSLAC)/.ready
	$(PYTEST) tests/interop -n 3 --dist loadfile

# pyslac pins old libraries, so it lives apart. pyslac.lock: uv pip compile of "pyslac" and "marshmallow<4", with hashes.
$(PYSLAC)/.ready: tests/interop/pyslac.lock
	$(PYTHON) -m venv $(PYSLAC)
	$(PYSLAC)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r tests/interop/pyslac.lock
	touch $(PYSLAC)/.ready

$(READY): pyproject.toml requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ccs-bench needs Python 3.11 or later")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(READY)

clean:
	rm -rf $(VENV) $(PYSLAC) allure-results allure-report results
