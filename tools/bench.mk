# How fast the function is beside what a user would take instead: docs/performance.md. Included by the Makefile.
# BENCH passes options on, as in: make bench BENCH='--only function --rounds 31'

.PHONY: bench
bench: .venv/.bench dist/SHA256SUMS ## Measure the function beside a Go function, cat, replacements and naive Python, and learn beside jq
	@PATH="$$(tools/path-with kustomize)" $(VENV)/python -m bench $(BENCH)
	@$(VENV)/python -m bench.logs

.venv/.bench: pyproject.toml
	@tools/venv $(or $(PYTHON),python3) '.[logs]' --group bench && touch .venv/.run $@

.PHONY: bench-start
bench-start: .venv/.dev ## Measure what the packages cost at the function's start: bench/results/start.md
	@PATH="$$(tools/path-with kustomize)" $(VENV)/python -m bench.start $(BENCH)

.PHONY: bench-verify
bench-verify: .venv/.dev ## Measure verify beside an idle interpreter: bench/results/verify.md
	@PATH="$$(tools/path-with kustomize)" $(VENV)/python -m bench.verify $(BENCH)

.PHONY: bench-expectations
bench-expectations: .venv/.dev ## Measure test of 500 expectations beside one: bench/results/expectations.md
	@PATH="$$(tools/path-with kustomize)" $(VENV)/python -m bench.expectations $(BENCH)

.PHONY: bench-trees
bench-trees: .venv/.dev ## Measure diff of 200 overlays beside their builds alone: bench/results/trees.md
	@PATH="$$(tools/path-with kustomize)" $(VENV)/python -m bench.trees $(BENCH)

.PHONY: bench-ports
bench-ports: .venv/.bench ## Measure lists at ten ports beside 443 alone, built and in real Envoy: bench/results/ports.md
	@PATH="$$(tools/path-with kustomize)" $(VENV)/python -m bench.ports $(BENCH)

.PHONY: bench-pages
bench-pages: .venv/.dev ## Measure the page of matrix in Chromium: bench/results/pages.md
	@$(VENV)/python -m bench.pages
