# What the gateway lets out, in real Envoy: docs/components.md. Included by the Makefile.

.PHONY: seed-comparison
seed-comparison: .venv/.dev ## Put the seed and base/ through the same probe; writes the table of docs/differences-from-the-seed.md
	@PATH="$$(tools/path-with kustomize)" $(VENV)/python tools/seed_comparison.py

e2e: every-envoy

.PHONY: every-envoy
every-envoy: .venv/.dev ## Run the probe's tests with every Envoy of tools/versions.env, the oldest to the newest
	@PATH="$$(tools/path-with kustomize)" EGRESS_OVERLAYS_ENVOYS=all $(VENV)/python -m pytest tests/probe -n $(WORKERS) --dist loadfile

.PHONY: servers
servers: .venv/.dev ## Have a real PostgreSQL and a real Kafka answer their clients through the gateway
	@PATH="$$(tools/path-with kustomize)" $(VENV)/python -m pytest tests/probe/servers $(PYTEST)

.PHONY: bench-forwarder
bench-forwarder: .venv/.dev ## Measure the hardened forwarder beside the seed's, in real Envoy: bench/results/forwarder.md
	@PATH="$$(tools/path-with kustomize)" $(VENV)/python -m bench.forwarder $(BENCH)

.PHONY: bench-clients
bench-clients: .venv/.dev ## Measure lists for clients beside the same names for everybody: bench/results/clients.md
	@PATH="$$(tools/path-with kustomize)" $(VENV)/python -m bench.clients $(BENCH)
