.PHONY: commands
commands: .venv/.dev ## Write docs/commands.md and the man page anew from the command's own help
	@$(VENV)/python tools/commands.py
	@$(VENV)/python tools/manpage.py

.PHONY: addresses
addresses: ## Write the ranges of docs/addresses.md to where they are refused
	@python3 tools/addresses.py
