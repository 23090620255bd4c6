# The pictures of docs/, which are kept: D2 is built from its Go module for this target alone. Included by the Makefile.

.PHONY: diagrams
diagrams: .venv/.dev ## Draw docs/diagrams anew from their texts
	@PATH="$$(tools/path-with d2)" $(VENV)/python tools/diagrams.py
