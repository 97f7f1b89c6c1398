# `make help` lists the recipes. Those that need packages make .venv themselves, with
# the caller's PYTHON, or else the first Python that fits.

.DEFAULT_GOAL := help
.PHONY: help install demo env test test-slow test-faults bench coverage scores lint format docs docs-parts dashboards pictures lock hooks release clean

version_of = $(shell $(1) -c 'import platform; print(platform.python_version())' 2>/dev/null)
fits = $(filter 3.11.% 3.12.%,$(call version_of,$(1)))
CANDIDATES := .venv/bin/python python3 python3.12 python3.11

# A caller who names another Python than the one in .venv gets a new .venv.
ifneq ($(origin PYTHON),undefined)
ifneq ($(call version_of,$(PYTHON)),$(call version_of,.venv/bin/python))
.PHONY: .venv/demo.stamp .venv/dev.stamp .venv/docs.stamp
endif
endif
PYTHON ?= $(firstword $(foreach p,$(CANDIDATES),$(if $(call fits,$(p)),$(p))) python3)

DATA ?= ../shared/data/telemanom
TRACKED ?= ../shared/data
backtest = .venv/bin/python -m dataflows.backtest '$(DATA)' --check provisioning/scores.yaml $(if $(ACCEPT),--accept)
track = .venv/bin/python -m dataflows.backtest.tracking_scores '$(TRACKED)' --check provisioning/tracking_scores.yaml $(if $(ACCEPT),--accept)
# What the site is made of: pages, and what they show and lead to.
PAGES = $(wildcard *.md) LICENSE docs provisioning/runbooks provisioning/grafana/pictures tests/benchmarks/results

help:  ## List the recipes
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/demo.stamp  ## Make .venv with what flows and simulators need

demo: .venv/demo.stamp  ## Watch a spacecraft, a launch and satellites for DEMO_SECONDS (60), no server needed
	@.venv/bin/python -m simulators.demo $(if $(DEMO_SECONDS),--seconds '$(DEMO_SECONDS)')

env:  ## Write .env with fresh passwords, for `docker compose up`
	@provisioning/docker/make_env.sh

test: .venv/dev.stamp  ## Run the tests (six minutes); those whose service is missing are skipped, with the reason
	.venv/bin/python -m pytest --numprocesses auto --dist loadfile

test-slow: .venv/dev.stamp  ## Run the tests that take long: whole systems, killed and resumed; the wheel and its demo
	.venv/bin/python -m pytest -m slow

test-faults: .venv/dev.stamp  ## Kill, stall, fill and cut everything at random; nothing may be lost (ten minutes; FAULT_SEED, FAULT_COUNT)
	.venv/bin/python -m tests.faults --count '$(or $(FAULT_COUNT),100)' $(if $(FAULT_SEED),--seed '$(FAULT_SEED)')

bench: .venv/dev.stamp  ## Measure the whole chain against its goals and its peers (ten minutes; BENCH="part ... --quick")
	.venv/bin/python -m tests.benchmarks $(BENCH)

coverage: .venv/dev.stamp  ## Run the tests and list the lines that none of them reached
	.venv/bin/python -m pytest --cov --cov-report=term

scores: .venv/demo.stamp  ## Score detectors on DATA and trackers on TRACKED, against provisioning/*scores.yaml (ACCEPT=1: replace them)
	@if [ -d '$(DATA)' ]; then $(backtest); else echo 'no scores: there are no recordings in $(DATA)'; fi
	@if [ -d '$(TRACKED)/launches' ] && [ -d '$(TRACKED)/iss' ]; then echo; $(track); \
	  else echo 'no scores: there are no launches and no positions of the ISS in $(TRACKED)'; fi

lint: .venv/dev.stamp  ## Check format, style, types and import rules (half a minute)
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy
	.venv/bin/lint-imports

format: .venv/dev.stamp  ## Format the code and mend what ruff can mend
	.venv/bin/ruff format
	.venv/bin/ruff check --fix

docs: .venv/docs.stamp  ## Build README.md and docs/ as a site, in .cache/site; a warning is an error
	@rm -rf .cache/pages && mkdir -p .cache/pages
	@tar -cf - $(PAGES) | tar -xf - -C .cache/pages
	.venv/bin/properdocs build --config-file .mkdocs.yml
	@echo 'The first page is .cache/site/index.html'

docs-parts: .venv/dev.stamp  ## Bring the generated parts of README.md and docs/ up to date
	.venv/bin/python -m tests.docs

dashboards: .venv/dev.stamp  ## Write the JSON of Grafana's dashboards anew
	.venv/bin/python -m provisioning.grafana

pictures: .venv/dev.stamp  ## Draw the dashboards, with what their own queries find (four minutes)
	.venv/bin/python -m tests.provisioning.grafana.pictures

lock: .venv/dev.stamp  ## Pin the packages of the Docker image, with their hashes
	.venv/bin/uv pip compile --quiet --upgrade --python-version 3.11 --python-platform x86_64-manylinux_2_31 \
	  --generate-hashes --no-header --no-annotate pyproject.toml -o provisioning/docker/requirements.txt

hooks: .venv/dev.stamp  ## Have git run `make format` and `make lint` before each commit
	.venv/bin/pre-commit install

release: .venv/dev.stamp  ## Check, build, try out and tag this version (two minutes; DRY=1: no tag); nothing is uploaded
	@.venv/bin/python -m tests.release $(if $(DRY),--dry)

clean:  ## Remove .venv, downloaded jars and caches
	rm -rf .venv .cache .coverage* dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# One stamp for each extra of pyproject.toml that recipes need.
.venv/demo.stamp .venv/dev.stamp .venv/docs.stamp: .venv/%.stamp: pyproject.toml
	$(if $(call fits,$(PYTHON)),,$(error $(unfit)))
	$(if $(shell $(PYTHON) -c 'import ensurepip; print("found")' 2>/dev/null),,$(error $(no_ensurepip)))
	@test '$(call version_of,$(PYTHON))' = '$(call version_of,.venv/bin/python)' \
	  || $(PYTHON) -m venv --clear .venv
	@.venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
	@echo 'Installing packages into .venv (once, about a minute)'
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

version = $(or $(call version_of,$(PYTHON)),not found)
unfit = Orbitwatch needs Python 3.11 or 3.12 ($(PYTHON) is $(version)). Point PYTHON at one: make $(firstword $(MAKECMDGOALS)) PYTHON=python3.12
no_ensurepip = $(PYTHON) lacks what makes virtual environments. On Debian: apt-get install python$(basename $(version))-venv
