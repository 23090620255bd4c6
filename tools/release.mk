# What a person needs to release a version: docs/releasing.md. Nothing is uploaded, tagged or pushed.
.PHONY: release
release: dist/SHA256SUMS .venv/.release ## Lay out a release in release/, with SBOMs, notes and sums, and say what is left by hand
	@$(VENV)/python tools/release.py dist release $(if $(filter no,$(IMAGE)),--no-image)

.venv/.release: pyproject.toml
	@tools/venv $(or $(PYTHON),python3) . --group dist --group release && touch .venv/.run $@
