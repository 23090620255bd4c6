# The whole mesh on one machine: docs/e2e.md. Included by the Makefile.
# pytest runs in network, mount and process namespaces of its own: when it ends, however it ends, the kernel takes every
# process, namespace, address and firewall rule of the run away, and nothing of the machine's own network can be touched.
E2E_ISOLATE = unshare --net --mount --pid --fork --kill-child --mount-proc
E2E_RUN = $(E2E_ISOLATE) env EGRESS_OVERLAYS_E2E=isolated $(VENV)/python -m pytest $(WAITED_IN_VAIN)
# A machine that stands still for some seconds looks like a gateway that does. What failed by a wait, or for want of an answer
# for a listed name, is run once more, and the summary names it; a wrong answer is never asked for again.
WAITED_IN_VAIN = --reruns 1 --only-rerun TimeoutError --only-rerun UnansweredError -raR --durations=20 --durations-min=15

.PHONY: e2e
e2e: e2e-needs .venv/.e2e e2e-components dist/SHA256SUMS ## Build the real mesh once, run it, and act as the application
	@$(E2E_RUN) tests/e2e $(addprefix --ignore=,$(MESHES) $(TRANSLATED) $(MOVED)) $(PYTEST) $(OR_NONE)
	@$(E2E_RUN) $(MESHES) $(PYTEST) $(OR_NONE)

# What pytest selects may all be in the other of the two runs.
OR_NONE = || [ $$? = $(if $(PYTEST),5,0) ]
# A run of their own: each expects a mesh in which nobody has left anything.
MESHES = $(addprefix tests/e2e/,test_20_meshes.py test_21_moving.py test_23_neighbours.py)

# Without a mesh; building egctl takes minutes, so a target of its own.
TRANSLATED = tests/e2e/test_32_envoy_gateway.py

.PHONY: envoy-gateway
envoy-gateway: e2e-needs .venv/.e2e ## Translate deploy/envoy-gateway by Envoy Gateway's egctl, and ask it in real Envoys
	@$(VENV)/python tools/components.py egctl envoy $(addprefix envoy-,$(subst $(comma), ,$(ENVOY_BETWEEN))) kustomize >/dev/null
	@$(E2E_RUN) $(TRANSLATED) $(PYTEST)

# It takes egctl too, and the mesh beside.
MOVED = tests/e2e/test_35_moving_to_envoy_gateway.py

.PHONY: e2e-envoy-gateway
e2e-envoy-gateway: e2e-needs .venv/.e2e e2e-components ## Move from the gateway to Envoy Gateway and back, under load
	@$(VENV)/python tools/components.py egctl >/dev/null
	@$(E2E_RUN) $(MOVED) $(PYTEST)

.PHONY: e2e-meshes
e2e-meshes: e2e-needs .venv/.e2e e2e-components ## Run base/ in every mesh of the table of docs/e2e.md; `make e2e` runs a sample
	@$(E2E_ISOLATE) env EGRESS_OVERLAYS_E2E=isolated EGRESS_OVERLAYS_MESHES=all $(VENV)/python -m pytest $(WAITED_IN_VAIN) $(MESHES) $(PYTEST)

.PHONY: e2e-steady
e2e-steady: e2e-needs .venv/.e2e e2e-components ## Change a list 100 times under 1,000 held connections; `make e2e` runs a sample
	@$(E2E_ISOLATE) env EGRESS_OVERLAYS_E2E=isolated EGRESS_OVERLAYS_CHANGES=100 $(VENV)/python -m pytest tests/e2e/test_07_steady_connections.py $(PYTEST)

.PHONY: e2e-argocd
e2e-argocd: e2e-needs .venv/.e2e e2e-components dist/SHA256SUMS ## Run the part of e2e that is about Argo CD
	@$(E2E_RUN) tests/e2e/test_12_argocd.py tests/e2e/test_15_hydrator.py $(PYTEST)

.PHONY: ways
ways: e2e-needs .venv/.e2e e2e-components ## Try the ways out of docs/why.md in the mesh, and write the page's table
	@$(E2E_RUN) tests/e2e/test_26_ways.py --write-golden $(PYTEST)

.PHONY: bench-ways
bench-ways: e2e-needs .venv/.e2e e2e-components ## Measure memory, connections and cuts of the ways out of docs/why.md
	@$(VENV)/python tools/components.py egctl >/dev/null
	@$(E2E_ISOLATE) $(VENV)/python -m bench.ways $(BENCH)

.PHONY: bench-registry
bench-registry: e2e-needs .venv/.e2e e2e-components ## Measure what a domain costs each proxy, with and without compact-registry
	@$(E2E_ISOLATE) $(VENV)/python bench/registry.py

.PHONY: e2e-needs
e2e-needs: # Stops at once where namespaces or iptables are missing.
	@$(or $(PYTHON),python3) tools/e2e_needs.py

.PHONY: e2e-components
e2e-components: .venv/.e2e ## Put the real components into the cache: API server, Istio, Envoy, etcd, ...
	@$(VENV)/python tools/components.py >/dev/null

.venv/.e2e: pyproject.toml
	@tools/venv $(or $(PYTHON),python3) . --group test --group e2e && touch .venv/.run $@

.PHONY: attacks
attacks: .venv/.dev ## Try to stop a gateway in a real Envoy, and to lead it inside past components/resolver
	@PATH="$$(tools/path-with kustomize)" $(VENV)/python -m pytest tests/attacks $(PYTEST)
