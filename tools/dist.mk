# What users install: docs/install.md. Two runs give the same bytes (tests/dist/test_reproducible.py).
DIST_SOURCES = pyproject.toml README.md LICENSE CHANGELOG.md tools/artifact.py tools/versions.env \
  $(shell find plugin base components deploy docs overlays -type f ! -path '*/__pycache__/*')

.PHONY: dist
dist: dist/SHA256SUMS ## Build the wheel, the sdist and the self-contained artifact into dist/
	@cat dist/SHA256SUMS

# Built beside its place and renamed, so that a run that was interrupted leaves the last whole one.
dist/SHA256SUMS: $(DIST_SOURCES) | $(or $(wildcard .venv/.dev),.venv/.dist)
	@rm -rf .venv/dist dist && mkdir -p .venv/dist
	@$(VENV)/python -m build --no-isolation --outdir .venv/dist . >/dev/null
	@$(VENV)/python tools/artifact.py .venv/dist/*.whl .venv/dist
	@cd .venv/dist && sha256sum *.whl *.tar.gz >SHA256SUMS
	@mv .venv/dist dist

# The packages of `make test` hold these too.
.venv/.dist: pyproject.toml
	@tools/venv $(or $(PYTHON),python3) . --group dist && touch .venv/.run $@
