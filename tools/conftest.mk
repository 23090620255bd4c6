# deploy/conftest in a real conftest, which is built from its Go module: docs/policy.md. Included by the Makefile.

.PHONY: conftest
conftest: .venv/.dev ## Hold lists to deploy/conftest by a real conftest
	@PATH="$$(tools/path-with kustomize conftest)" $(VENV)/python -m pytest tests/gitops/test_conftest.py $(PYTEST)
