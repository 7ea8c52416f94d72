# Needs only make and Python 3.11 or later, found as PYTHON, python3.11 or python3. `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell command -v python3.11 || command -v python3)
ONCE ?=
BRANCHES ?=
BENCH ?=
UPGRADE ?=
COMMANDS ?= 500
KILLS ?= 20
MINUTES ?= 2
TIMES ?= 1
SEED ?=
DATABASES ?=
PATIENCE ?= 600

# One environment with everything for development, and a smaller one for the demo.
DEV := .venv
DEMO := .venv-demo
# Everything for development, and the large program that benchmarks and some tests compare with.
ORACLES := .venv-oracles
# On all cores; the tests of one file stay together and share its servers. The slowest begin (tests/conftest.py).
# One worker more than there are cores: most of the time a test waits for a server.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PYTEST = KUNVENO_DATABASES=$(DATABASES) $(DEV)/bin/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
PINS := .venv-pins
PIP := -m pip --disable-pip-version-check

# The name of the file that marks a finished environment holds a checksum of what was installed:
# other pins, another file, an environment made anew.
checksum = $(firstword $(shell cksum < $(1)))
DEV_INSTALLED := $(DEV)/.installed-$(call checksum,requirements/dev.txt)
ORACLES_INSTALLED := $(ORACLES)/.installed-$(call checksum,requirements/oracles.txt)
DEMO_INSTALLED := $(DEMO)/.installed-$(call checksum,requirements/demo.txt)
PINS_INSTALLED := $(PINS)/.installed-$(call checksum,requirements/pins.txt)
DEV_READY := $(DEV)/.ready
ORACLES_READY := $(ORACLES)/.ready
DEMO_READY := $(DEMO)/.ready

SOURCES := kunveno bots bridge party ground tests $(wildcard benchmarks)

.PHONY: help demo test style types check unit synapse postgres soak bench oracles docs messages requirements clean python
.DELETE_ON_ERROR:

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 16

demo: $(DEMO_READY) ## start a real Synapse and mirror an organisation chart (ONCE=1 leaves at the end, BRANCHES=all takes the whole country, PORT=8009 another port)
	@exec $(DEMO)/bin/kunveno demo $(if $(filter-out 0,$(ONCE)),--once) $(if $(BRANCHES),--branches "$(BRANCHES)") $(if $(PORT),--port "$(PORT)")

# What takes seconds comes first. Types take a minute, and the tests often wait for a server: both at once, and what is
# wrong with the types is said last, where it is seen.
test: style ## everything: style, then types and every test at once, on all cores
	@types=$$(mktemp); trap 'rm -f "$$types"' EXIT; failed=0; \
	$(MAKE) types > "$$types" 2>&1 & checking=$$!; \
	$(PYTEST) || failed=$$?; \
	wait $$checking || failed=$$?; \
	cat "$$types"; exit $$failed

style: $(DEV_READY) ## the style of the code and its floors
	@$(DEV)/bin/ruff check .
	@$(DEV)/bin/ruff format --check .
	@$(DEV)/bin/lint-imports

types: $(DEV_READY) ## the types
	@$(DEV)/bin/mypy --strict $(SOURCES)

check: style types ## what needs no server: style, types, the floors, catalogues, the example configuration
	@$(DEV)/bin/pytest --quiet tests/unit/test_config.py tests/unit/test_locale.py tests/unit/test_docs.py tests/unit/test_project.py

unit: $(DEV_READY) ## the tests that start no server
	@$(PYTEST) -m "not synapse and not postgres"

synapse: $(DEV_READY) ## the tests that start a Synapse
	@$(PYTEST) -m synapse

postgres: $(DEV_READY) ## the tests that start a PostgreSQL
	@$(PYTEST) -m postgres

soak: $(DEV_READY) ## kills, bursts and a bad network in full, on both databases (COMMANDS=500, KILLS=20, MINUTES=2, TIMES=1; SEED=… repeats a run)
	@for time in $$(seq $(TIMES)); do \
		echo "Run $$time of $(TIMES): $(COMMANDS) commands and $(KILLS) kills, $$(($(COMMANDS) * 3 / 5)) in bursts, $(MINUTES) minutes"; \
		KUNVENO_COMMANDS=$(COMMANDS) KUNVENO_KILLS=$(KILLS) KUNVENO_BURSTS=$$(($(COMMANDS) * 3 / 5)) KUNVENO_MINUTES=$(MINUTES) \
		KUNVENO_SEED=$(or $(SEED),0) KUNVENO_PATIENCE=$(PATIENCE) KUNVENO_BRANCHES=$(or $(BRANCHES),60) \
		$(DEV)/bin/pytest --quiet --capture=no --durations=6 tests/synapse/test_reliability.py tests/synapse/test_kill.py; \
	done

bench: $(ORACLES_READY) ## the figures of docs/benchmarks.md (BENCH=name runs one)
	@exec $(ORACLES)/bin/python -m benchmarks $(BENCH)

oracles: $(ORACLES_READY) ## compare the counting of votes with a further program, a large one
	@exec $(ORACLES)/bin/pytest tests/unit/vote/test_pref_voting.py

docs: $(DEV_READY) ## build the documentation into site/
	@NO_MKDOCS_2_WARNING=1 $(DEV)/bin/mkdocs build --strict --quiet

messages: $(DEV_READY) ## bring the catalogues of kunveno/locale up to date with the sentences in the code
	@$(DEV)/bin/python -m kunveno.messages

requirements: $(PINS_INSTALLED) ## pin the dependencies of pyproject.toml again (UPGRADE=1 takes newer versions)
	$(call pin,dev.txt,pyproject.toml --group build --extra postgres --extra demo --extra dev)
	$(call pin,oracles.txt,pyproject.toml --group build --all-extras --constraints requirements/dev.txt)
	$(call pin,run.txt,pyproject.toml --group build --extra postgres --constraints requirements/dev.txt)
	$(call pin,demo.txt,pyproject.toml --group build --extra demo --constraints requirements/dev.txt)
	$(call pin,pins.txt,--group pins)

# One file for every system and every Python that the project supports, from the ordinary index only.
define pin
	@echo "Pinning requirements/$(1)"
	@$(PINS)/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make requirements" --output-file requirements/$(1) \
		$(if $(filter-out 0,$(UPGRADE)),--upgrade) $(2)
endef

clean: ## remove what was built, not the demo's data
	@rm -rf $(DEV) $(DEMO) $(ORACLES) $(PINS) build dist site .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

python:
	@[ -n "$(PYTHON)" ] || { echo "Kunveno needs Python 3.11 or later, and neither python3.11 nor python3 was found. Install it, or say where it is: make PYTHON=/path/to/python" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Kunveno needs Python 3.11 or later; $(PYTHON) is $$("$(PYTHON)" --version 2>&1 || echo "not a working Python"). Say which one to use: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(DEV_INSTALLED): | python
	$(call install,$(DEV),requirements/dev.txt)

$(ORACLES_INSTALLED): | python
	$(call install,$(ORACLES),requirements/oracles.txt)

$(DEMO_INSTALLED): | python
	$(call install,$(DEMO),requirements/demo.txt)

$(PINS_INSTALLED): | python
	$(call install,$(PINS),requirements/pins.txt)

# The project itself, with its command and its entry points, from this folder.
$(DEV)/.ready: $(DEV_INSTALLED) pyproject.toml
	$(call install-project,$(DEV))

$(ORACLES)/.ready: $(ORACLES_INSTALLED) pyproject.toml
	$(call install-project,$(ORACLES))

$(DEMO)/.ready: $(DEMO_INSTALLED) pyproject.toml
	$(call install-project,$(DEMO))

define install
	@echo "Installing $(2) into $(1) (the first time takes a minute or two)"
	@"$(PYTHON)" -m venv --clear $(1)
	@$(1)/bin/python $(PIP) install --quiet --require-hashes -r $(2)
	@touch $@
endef

define install-project
	@$(1)/bin/python $(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
endef
