# Setpiece. `make demo` and `make test` work on a fresh Debian or Ubuntu with Python 3.11 and its venv module.
#
#   make demo     paint a scene and say where the film is   (SCENE=, QUALITY=draft|preview|final)
#   make test     every test          make lint   format, types, import rules
#   make bench    G-buffers, passes, correspondence, painting and worlds, timed on this machine
#   make bench-consistency   how steady films are, against other ways, on ten scenes (about ten minutes)
#   make train    the embedded model, from nothing
#   make clean    remove the environment and everything derived (your out/ stays)
#
# TORCH_INDEX=https://download.pytorch.org/whl/cpu chooses where torch comes from; empty is pip's own index.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
TORCH_INDEX ?=
SCENE ?= scenes/old-town.yaml
QUALITY ?= final
OUT ?= out
JOBS ?= 2

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LIBRARIES := libegl1 libgl1 libgl1-mesa-dri libgomp1 libidn2-0 libudev1 libusb-1.0-0 libx11-6

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install system demo test lint format bench bench-consistency train clean

help:
	@sed -n '/^$$/q;s/^# \{0,1\}//p' Makefile

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No python3.11 found: apt-get install python3.11 python3.11-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is older than Python 3.11: set PYTHON=/path/to/python3.11"; exit 1; }
	@$(MAKE) --no-print-directory system
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install -qq $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$$(grep '^torch==' requirements.lock)"
	$(BIN)/python -m pip install -qq -r requirements.lock
	$(BIN)/python -m pip install -qq --no-build-isolation --no-deps -e .
	@touch $@

# Mesa's software OpenGL makes the fast rasterizer work without a GPU. Never fatal: without it Embree is used.
system:
	@missing=0; for library in libEGL.so.1 libGL.so.1 libgomp.so.1 libidn2.so.0 libudev.so.1 libusb-1.0.so.0 libX11.so.6; do \
		PATH="$$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null | grep -q "$$library" || missing=1; done; \
	test $$missing = 0 && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(LIBRARIES); } \
			>/dev/null 2>&1 || echo "Some of $(LIBRARIES) could not be installed: the Embree rasterizer will be used."; \
	else \
		echo "For the OpenGL rasterizer: sudo apt-get install $(LIBRARIES)"; \
	fi

demo: $(STAMP)
	$(BIN)/setpiece render $(SCENE) --quality $(QUALITY) --out $(OUT)

test: $(STAMP)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)
	$(BIN)/python -m tools.bench.gbuffer
	$(BIN)/python -m tools.bench.paint
	$(BIN)/python -m tools.bench.worlds

bench-consistency: $(STAMP)
	$(BIN)/python -m tools.bench.consistency

train: $(STAMP)
	$(BIN)/python -m pip install -qq -r requirements-train.lock
	$(BIN)/python -m tools.train data
	$(BIN)/python -m tools.train train
	$(BIN)/python -m tools.train evaluate

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
