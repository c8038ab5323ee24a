# Every check and the demonstration, from a fresh clone: `make help`.
#
#   PYTHON=python3.12 make test    another interpreter (3.11 or newer)
#   VENV=/tmp/venv make test       another folder for the environment
#   make test PYTEST="-k catalog"  some of the tests
#   make test JOBS=0               one test after the other, in one process (default: 2 processes)
#   make test MPI=no               without MPI and PETSc: their tests are skipped
#   make test BROWSER=no           without Chromium: the tests of pages in a browser are skipped
#   make bench BENCH="explicit"    some of the benchmarks
#   make figures FIGURE=figures/coupling.png   one of the figures

PYTHON ?= python3
VENV ?= .venv
PYTEST ?=
JOBS ?= 2
BENCH ?=
FIGURE ?=
MPI ?= yes
BROWSER ?= yes
OUT ?= demo

BIN := $(VENV)/bin
CODE := $(wildcard wgflow solvers cases examples tests benchmarks tools tools/install-petsc docs/conf.py docs/_ext)
PAGES := $(wildcard README.md docs/*.md)

# One thread each: reproducible sums, and no contention for cores.
# Compiled kernels are kept in the checkout, so that a second run need not compile again.
THREADS := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMBA_NUM_THREADS=1
CHECK := $(THREADS) NUMBA_CACHE_DIR="$(CURDIR)/.cache/numba" MPLBACKEND=Agg

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test mpi bench docs figures lint format-check format types doctest wheel clean clean-venv

help: ## show this list
	@echo "make TARGET, where TARGET is one of"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s%s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.run ## solve a network's density equation and compare it with SGD (about 2 minutes)
	@echo "== demo: writing to $(OUT)/"
	@$(THREADS) $(BIN)/wgflow compare isotropic_gaussians --out "$(OUT)" --overwrite
	@echo "== see $(OUT)/comparison.png; to use the command wgflow: . $(BIN)/activate"

test: $(VENV)/.test $(if $(filter no,$(MPI)),,$(VENV)/.mpi) ## run the tests
	@$(if $(filter no,$(BROWSER)),:,tools/install-chromium || true)
	@echo "== test"
	@$(CHECK) $(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(PYTEST)

mpi: $(VENV)/.mpi ## install MPI and PETSc (about 8 minutes, once)
	@echo "== try: . $(BIN)/activate; mpiexec -n 2 wgflow run desai_zwanzig"

bench: $(VENV)/.bench ## measure speed against py-pde, FiPy and memory bandwidth (a few minutes)
	@echo "== bench: writing benchmarks/results/"
	@$(CHECK) $(BIN)/python -m benchmarks $(BENCH)

docs: $(VENV)/.docs ## build the documentation in docs/_build/html (about two minutes)
	@echo "== docs"
	@$(CHECK) $(BIN)/python -m sphinx -n -W --keep-going -q docs docs/_build/html
	@echo "== see docs/_build/html/index.html"

figures: $(VENV)/.run ## regenerate the figures of the documentation (a few minutes)
	@echo "== figures"
	@$(CHECK) $(BIN)/python tools/figures.py $(FIGURE)

lint: $(VENV)/.test ## check the style of the code
	@echo "== lint"
	@$(BIN)/ruff check $(CODE)

format-check: $(VENV)/.test ## check the format of the code
	@echo "== format-check"
	@$(BIN)/ruff format --check $(CODE)

format: $(VENV)/.test ## lay the code out
	@echo "== format"
	@$(BIN)/ruff format $(CODE)

types: $(VENV)/.test ## check the types, strictly
	@echo "== types"
	@$(BIN)/mypy

doctest: $(VENV)/.test ## run the examples in docstrings and documentation
	@echo "== doctest"
	@$(CHECK) $(BIN)/python -m pytest --doctest-modules --doctest-glob='*.md' \
	    wgflow solvers cases $(PAGES)

wheel: $(VENV)/.test ## build the source distribution and the wheel into dist/
	@echo "== wheel"
	@$(BIN)/python -m build --no-isolation --outdir dist .

clean: ## remove build and test output, but not the environment
	rm -rf build dist docs/_build docs/gallery docs/commands.md docs/api/generated docs/api/*.rst .cache .mypy_cache .pytest_cache .ruff_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

clean-venv: ## remove the environment
	rm -rf "$(VENV)"

# Stamp files: an environment is made once, and filled again when pyproject.toml changes.

$(VENV)/.made:
	@command -v "$(PYTHON)" >/dev/null || { echo "make: no '$(PYTHON)': install Python 3.11 or newer, or set PYTHON" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is $$("$(PYTHON)" --version 2>&1), wgflow needs 3.11 or newer: set PYTHON" >&2; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { echo "make: $(PYTHON) has no venv: install it (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "== making $(VENV) with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv "$(VENV)"
	@touch $@

$(VENV)/.run: pyproject.toml | $(VENV)/.made
	@echo "== installing wgflow into $(VENV) (about a minute, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/.made
	@echo "== installing wgflow and what its tests need into $(VENV) (about a minute, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(VENV)/.run

$(VENV)/.bench: pyproject.toml | $(VENV)/.made
	@echo "== installing wgflow, FiPy and py-pde into $(VENV) (about a minute, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@ $(VENV)/.run

$(VENV)/.docs: pyproject.toml | $(VENV)/.made
	@echo "== installing wgflow and Sphinx into $(VENV) (about a minute, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@ $(VENV)/.run

# The script ends with a solve on two ranks: no stamp before that has worked.
$(VENV)/.mpi: tools/install-petsc $(wildcard tools/installation/*.py) | $(VENV)/.made
	@echo "== MPI and PETSc for $(VENV)"
	@"$(PYTHON)" tools/install-petsc --python $(BIN)/python
	@touch $@
