# Changed gateways that `verify` must refuse, or that open nothing: docs/security.md. Included by the Makefile.
# MUTANTS passes options on, as in: make mutants MUTANTS='--pairs --sample 200'

.PHONY: mutants
mutants: .venv/.dev ## Change rendered gateways one field at a time, ask verify, and real Envoy: bench/results/mutants.md
	@PATH="$$(tools/path-with kustomize)" $(VENV)/python tools/mutants.py --write $(MUTANTS)
