.PHONY: commands
commands: .venv/.dev ## Write docs/commands.md anew from the command's own help
	@$(VENV)/python tools/commands.py
