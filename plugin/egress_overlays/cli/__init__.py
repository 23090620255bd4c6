"""The `egress-overlays` command: one module a subcommand, found in `COMMANDS`.

A module has a docstring whose first line is its help, `EXAMPLE` (one command line),
`configure(parser)`, and `run(arguments, console) -> int`, which returns the exit code and raises
Failure for wrong use or unreadable input.
"""

from __future__ import annotations

import argparse
import re
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..installation import missing
from ..manifest.nearness import did_you_mean
from ..version import VERSION
from .console import Console, Failure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType
    from typing import BinaryIO, NoReturn, TextIO

__all__ = ["COMMANDS", "command", "module_of", "parse", "parser"]

_PROGRAM = "egress-overlays"

_CHOICE = re.compile(r"invalid choice: '(.*)' \(choose from (.*)\)")
_QUOTED = re.compile(r"[\w-]+")
_OPTION = re.compile(r"--[\w-]+")
_UNKNOWN = "unrecognized arguments: "

# In the order in which --help lists them; the values are modules, some names being Python's own.
COMMANDS = {
    "list": "list_",
    "check": "check",
    "diff": "diff",
    "verify": "verify",
    "doctor": "doctor",
    "matrix": "matrix",
    "test": "test",
    "probe": "probe",
    "add": "add",
    "remove": "remove",
    "import": "import_",
    "learn": "learn",
    "usage": "usage",
    "init": "init",
    "upgrade": "upgrade",
    "schema": "schema",
    "install": "install",
    "docs": "docs",
    "completion": "completion",
}


def command(argv: Sequence[str], stdin: BinaryIO, stdout: TextIO, stderr: TextIO) -> int:
    """Run `argv` (a subcommand and its arguments); returns the exit code: 0, 1 or 2. It raises faults of ours alone."""
    console = Console(stdin, stdout, stderr)
    try:
        # argparse knows the process's own streams alone, and exits for --help and wrong use.
        with redirect_stdout(stdout), redirect_stderr(stderr):
            arguments = parse(argv)
        return int(arguments.run(arguments, console)) or console.code
    except SystemExit as stop:
        return int(stop.code or 0)
    except Failure as failure:
        console.say(f"egress-overlays: error: {failure}")
        return 2
    except ImportError as fault:
        console.say(missing(fault, argv[0] if argv else ""))
        return 2


class _Once(argparse.Action):
    """Takes one value, and refuses another one: of two the last would win in silence."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        if option and getattr(namespace, self.dest, self.default) is not self.default:
            parser.error(f"{option} is given twice; give one, and ask again for the other")
        setattr(namespace, self.dest, values)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def __init__(self, *arguments: Any, **details: Any) -> None:
        super().__init__(*arguments, **details)
        self.register("action", None, _Once)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}{self._meant(message)}; see {self.prog} --help\n")

    def _meant(self, message: str) -> str:
        """The word that may have been meant, of those that `message`, which is argparse's, or the usage names."""
        choice = _CHOICE.search(message)
        known = _QUOTED.findall(choice[2]) if choice else _OPTION.findall(self.format_usage())
        word = choice[1] if choice else message.removeprefix(_UNKNOWN).partition(" ")[0].partition("=")[0]
        return did_you_mean(word, known) if choice or message.startswith(_UNKNOWN) else ""


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments of `argv`, options among them anywhere; exits for --help and wrong use, as argparse does."""
    if argv[0] not in COMMANDS:
        return parser().parse_args(argv)
    module = module_of(argv[0])
    sub = _configured(module, _Parser(prog=f"{_PROGRAM} {argv[0]}", **_words(module)))
    # What follows a -- is no option; argparse cannot tell any more once it has sorted them.
    return sub.parse_args(argv[1:]) if "--" in argv else sub.parse_intermixed_args(argv[1:])


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _Parser(
        prog=_PROGRAM,
        description="Compose, check and explain the egress lists of an Istio mesh. With a ResourceList on stdin and "
        "no argument: the KRM function that Kustomize runs.",
    )
    top.add_argument("--version", action="version", version=f"{_PROGRAM} {VERSION}")
    subparsers = top.add_subparsers(metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = module_of(name)
        words = _words(module)
        _configured(module, subparsers.add_parser(name, help=words["description"].rstrip("."), **words))
    return top


def _words(module: ModuleType) -> dict[str, Any]:
    """What --help says of a command, apart from its arguments."""
    first, _, rest = (module.__doc__ or "").partition("\n")
    return {
        "description": first,
        "epilog": f"{rest.strip()}\n\nexample: {module.EXAMPLE}".strip(),
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }


def _configured(module: ModuleType, sub: argparse.ArgumentParser) -> argparse.ArgumentParser:
    module.configure(sub)
    sub.set_defaults(run=module.run)
    return sub


def module_of(name: str) -> ModuleType:
    """The module of the command `name`."""
    return import_module(f"{__name__}.{COMMANDS[name]}")
