.PHONY: shapes
shapes: .venv/.dev ## Write the shapes of the gateways that base/ and components/ make, which verify holds others against
	@PATH="$$(tools/path-with kustomize)" $(VENV)/python tools/shapes.py
