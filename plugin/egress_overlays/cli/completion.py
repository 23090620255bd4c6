"""Print a completion script for a shell: bash, zsh, fish or tcsh.

bash: put it in ~/.local/share/bash-completion/completions/egress-overlays; zsh: in a file _egress-overlays on $fpath;
fish: ~/.config/fish/completions/egress-overlays.fish.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import parser as whole_parser

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from .console import Console

EXAMPLE = "egress-overlays completion bash > ~/.local/share/bash-completion/completions/egress-overlays"
_FILES = ("PATH", "FILE", "DIR", "A", "B")


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    shells = ("bash", "zsh", "fish", "tcsh")
    parser.add_argument("shell", choices=shells, metavar="SHELL", help="bash, zsh, fish or tcsh")


def run(arguments: Namespace, console: Console) -> int:
    """Print the script; 0."""
    import shtab

    parser = whole_parser()
    for command in _parsers(parser):
        for action in command._actions:  # noqa: SLF001 - argparse shows them nowhere else
            if action.metavar in _FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    console.write(shtab.complete(parser, arguments.shell))
    return 0


def _parsers(parser: ArgumentParser) -> list[ArgumentParser]:
    found = [parser]
    for action in parser._actions:  # noqa: SLF001 - as above
        if isinstance(action.choices, dict):
            found += action.choices.values()
    return found
