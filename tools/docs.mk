# The documents as a site; nothing is fetched to build or to read it. A link that leads nowhere fails.
.PHONY: docs
docs: .venv/.docs ## Build the documents as a site into site/VERSION; read it with: python3 -m http.server -d site
	@said=$$(NO_MKDOCS_2_WARNING=1 $(VENV)/mkdocs build --strict 2>&1) || { echo "$$said" >&2; exit 1; }  # --quiet: not strict

.venv/.docs: pyproject.toml
	@tools/venv $(or $(PYTHON),python3) . --group docs && touch .venv/.run $@
