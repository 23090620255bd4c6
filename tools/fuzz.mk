# Readers of YAML against each other, for as long as one likes: docs/security.md. Included by the Makefile.
# FUZZ passes options on, as in: make fuzz FUZZ='--minutes 120 --jobs 4'

.PHONY: fuzz
fuzz: .venv/.dev ## Hold the readers of YAML against kubectl's and Kustomize's on mutated documents: bench/results/fuzz.md
	@$(VENV)/python tools/fuzz.py --write $(FUZZ)
