# netpet-adapter: every target makes .venv in this folder if it is not there, and says what it does.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

SLOWER := $(foreach part,store web inbound outbound cli worker settings telemetry,tests/unit/test_$(part)%.py)
FAST   := $(filter-out $(SLOWER),$(wildcard tests/unit/test_*.py))

.DEFAULT_GOAL := help
.PHONY: help demo test check bench interop fuzz chaos format lock clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

$(VENV)/runtime: requirements/runtime.lock pyproject.toml
	@echo "== installing netpet-adapter into $(VENV) (pinned, by hash)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements/runtime.lock
	@$(PIP) install --no-deps --no-index --no-build-isolation -e . 2>/dev/null || $(PIP) install --no-deps -e .
	@touch $@

$(VENV)/dev: requirements/dev.lock $(VENV)/runtime
	@echo "== installing the tools of development into $(VENV) (pinned, by hash)"
	@$(PIP) install --require-hashes -r requirements/dev.lock
	@touch $@

demo: $(VENV)/runtime  ## start everything on loopback, send sample patients, print what each became (ONCE=1: then exit)
	@echo "== netpet-adapter demo: the whole service on free loopback ports, with a temporary store"
	@$(BIN)/netpet-adapter demo $(if $(ONCE),--once)

test: $(VENV)/dev  ## every test, with coverage; nothing else installed, nothing from the internet
	@echo "== all tests with branch coverage"
	@rm -f .coverage .coverage.*
	@$(BIN)/python -m pytest -n auto --cov --cov-report= tests
	@$(BIN)/python -m coverage report
	@$(BIN)/python -m coverage report --include='adapter/scoring/*,adapter/mapping/*,adapter/hl7v2/*' --fail-under=100 >/dev/null \
	  || { echo "scoring, mapping and hl7v2 are to be covered to 100 %:"; \
	       $(BIN)/python -m coverage report --include='adapter/scoring/*,adapter/mapping/*,adapter/hl7v2/*'; exit 1; }

check: $(VENV)/dev  ## format, lint, types, imports, fast tests: under a minute, for every change
	@echo "== format, lint"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@echo "== types"
	@$(BIN)/mypy
	@echo "== imports"
	@$(BIN)/lint-imports --no-cache > .lint-imports.out || { cat .lint-imports.out; rm -f .lint-imports.out; exit 1; }
	@rm -f .lint-imports.out
	@echo "== Dockerfile"
	@$(BIN)/hadolint Dockerfile
	@echo "== fast tests (those of disks, sockets and processes wait for make test)"
	@$(BIN)/python -m pytest -n auto -m 'not slow' $(FAST)

bench: $(VENV)/dev  ## measure speed, latency and memory on loopback (6 minutes; LONG=1: 30); writes bench/RESULTS.md
	@echo "== measuring; other work on this machine spoils the figures"
	@LONG=$(LONG) $(BIN)/python -m bench

interop: $(VENV)/dev  ## programs that are not ours against the service; needs Node.js, JDK, Maven (PARTS="links plans": those)
	@echo "== peers that are not ours, each against a running service on loopback"
	@PYTHONPATH=. nice $(BIN)/python tests/interop/run.py $(PARTS)
	@echo "== profiles and value sets, compiled anew from their source"
	@$(BIN)/python conformance/build.py --check

fuzz: $(VENV)/dev  ## mutated messages through reception and reading (COUNT=1000000 SEED=7; GUIDED=60: seconds with atheris)
	@echo "== every stream is answered, and nothing of a message is lost, whatever is in it"
	@PYTHONPATH=.:tests $(BIN)/python tests/fuzz/$(if $(GUIDED),coverage_guided.py -max_total_time=$(GUIDED),run.py \
	  $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED)) $(if $(JOBS),--jobs $(JOBS)))

chaos: $(VENV)/dev  ## kill the service, cut its power, 2,120 times (KILLS=40 CUTS=40 SHARED=40; SEED=7: one trial again); gcc
ifeq ($(SEED),)
	@echo "== planted faults, which must be found"
	@PYTHONPATH=.:tests $(BIN)/python tests/chaos/run.py --controls
	@echo "== what was accepted is there, and every score is at its destination once"
endif
	@PYTHONPATH=.:tests $(BIN)/python tests/chaos/run.py $(if $(SEED),--seed $(SEED)) \
	  $(if $(KILLS),--kills $(KILLS)) $(if $(CUTS),--cuts $(CUTS)) $(if $(SHARED),--shared $(SHARED))

format: $(VENV)/dev  ## put the code into its form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: $(VENV)/dev  ## resolve the dependencies anew into requirements/*.lock
	@$(PIP) install uv
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --custom-compile-command "make lock" pyproject.toml -o requirements/runtime.lock
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --custom-compile-command "make lock" pyproject.toml --group dev -o requirements/dev.lock

clean:  ## remove what the targets made
	@rm -rf $(VENV) .coverage .coverage.* .mypy_cache .ruff_cache .import_linter_cache .hypothesis build *.egg-info
