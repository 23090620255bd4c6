"""The `egress-overlays` command: one module a subcommand, found in `COMMANDS`.

A module has a docstring whose first line is its help, `EXAMPLE` (one command line),
`configure(parser)`, and `run(arguments, console) -> int`, which returns the exit code and raises
Failure for wrong use or unreadable input.
"""

from __future__ import annotations

import argparse
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from typing import TYPE_CHECKING

from .. import __version__
from ..__main__ import missing
from .console import Console, Failure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType
    from typing import BinaryIO, NoReturn, TextIO

__all__ = ["COMMANDS", "command", "module_of", "parser"]

# In the order in which --help lists them; the values are modules, some names being Python's own.
COMMANDS = {
    "list": "list_",
    "check": "check",
    "diff": "diff",
    "verify": "verify",
    "matrix": "matrix",
    "probe": "probe",
    "add": "add",
    "remove": "remove",
    "import": "import_",
    "init": "init",
    "schema": "schema",
    "install": "install",
    "completion": "completion",
}


def command(argv: Sequence[str], stdin: BinaryIO, stdout: TextIO, stderr: TextIO) -> int:
    """Run `argv` (a subcommand and its arguments); returns the exit code: 0, 1 or 2."""
    console = Console(stdin, stdout, stderr)
    try:
        # argparse knows the process's own streams alone, and exits for --help and wrong use.
        with redirect_stdout(stdout), redirect_stderr(stderr):
            arguments = parser(argv[0]).parse_args(argv)
        return int(arguments.run(arguments, console))
    except SystemExit as stop:
        return int(stop.code or 0)
    except Failure as failure:
        console.say(f"egress-overlays: error: {failure}")
        return 2
    except ImportError as fault:
        console.say(missing(fault))
        return 1


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}; see {self.prog} --help\n")


def parser(only: str = "") -> argparse.ArgumentParser:
    """The whole command line, or the part of it that the subcommand `only` needs (quicker to build)."""
    top = _Parser(
        prog="egress-overlays",
        description="Compose, check and explain the egress lists of an Istio mesh. With a ResourceList on stdin and "
        "no argument: the KRM function that Kustomize runs.",
    )
    top.add_argument("--version", action="version", version=f"egress-overlays {__version__}")
    subparsers = top.add_subparsers(metavar="COMMAND", required=True)
    for name in [only] if only in COMMANDS else COMMANDS:
        module = module_of(name)
        first, _, rest = (module.__doc__ or "").partition("\n")
        sub = subparsers.add_parser(
            name,
            help=first.rstrip("."),
            description=first,
            epilog=f"{rest.strip()}\n\nexample: {module.EXAMPLE}".strip(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.configure(sub)
        sub.set_defaults(run=module.run)
    return top


def module_of(name: str) -> ModuleType:
    """The module of the command `name`."""
    return import_module(f"{__name__}.{COMMANDS[name]}")
