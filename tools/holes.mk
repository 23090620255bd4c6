# Lists with denials beside a naive evaluator: docs/domains-configmap.md. Included by the Makefile.

.PHONY: holes
holes: .venv/.dev ## Hold 10,000 random pairs of lists with denials against a naive evaluator, and 300 lists with a real Envoy
	@PATH="$$(tools/path-with kustomize kubectl)" EGRESS_OVERLAYS_PAIRS=10000 EGRESS_OVERLAYS_PROBED=300 $(VENV)/python -m pytest -q -n $(WORKERS) --dist worksteal \
	  tests/injection/test_denials_injected.py tests/injection/test_denials_limited.py tests/probe/test_probe_denials.py tests/names/test_holes.py $(PYTEST)
