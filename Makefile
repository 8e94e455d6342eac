# Everything a newcomer needs: make demo, make test. Debian 12, Python >= 3.11, make, g++.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/installed

# The simulator takes the second core; two BLAS threads beside it would mostly wait for it.
export OPENBLAS_NUM_THREADS ?= 1

# Tests that run at a time: make test JOBS=8 on a machine with as many cores.
JOBS ?= 2

.PHONY: setup nospace demo test soak lint docs bench qor clean

setup: $(READY)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'boldhw needs Python 3.11 or newer: make setup PYTHON=python3.12'; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

# Said at once: Verilator's makefile refuses such a folder. All but the tests works there.
nospace:
	$(if $(word 2,$(CURDIR)),$(error there is a space in "$(CURDIR)", and in such a folder \
	  the tests cannot build their simulations; move it, for example: mv "$(CURDIR)" ~/boldhw))@:

demo: setup
	$(BIN)/boldhw demo

test: nospace setup
	$(BIN)/pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder

# The long forms of tests: hours. Fuzzing guided by coverage needs a package of its own.
soak: nospace setup
	$(BIN)/pip install --quiet --editable '.[fuzz]'
	$(BIN)/pytest --timeout 0 rtl_tests/soak/soak_*.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The site, in build/site: open index.html there (its search needs a server, such as python -m
# http.server). Tables and pictures first, as the code has them.
docs: setup
	$(BIN)/boldhw dev pages
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --config-file docs/site/mkdocs.yml

bench: setup
	$(BIN)/boldhw bench

# Bitstreams of three boards, with engines for chains and of op lists, against the stored baseline:
# hours, most of them for the ULX3S.
qor: setup
	$(BIN)/boldhw dev qor

clean:
	rm -rf build dist .pytest_cache .ruff_cache .mypy_cache
