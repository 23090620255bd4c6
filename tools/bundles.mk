# components/bundles beside their sources. Included by the Makefile.

.PHONY: bundles
bundles: .venv/.dev ## Compare components/bundles with their sources, over the network
	@$(VENV)/python tools/bundles.py
