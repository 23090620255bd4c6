"""Writes plugin/man/egress-overlays.1 from what --help is made from: `make commands`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from egress_overlays.cli import COMMANDS, module_of, parser
from egress_overlays.version import VERSION

PAGE = Path(__file__).parents[1] / "plugin" / "man" / "egress-overlays.1"

HEAD = """\
.\\" Written by `make commands` from what --help is made from.
.TH EGRESS\\-OVERLAYS 1 "" "egress\\-overlays {version}"
.nh
.ad l
.SH NAME
egress\\-overlays \\- compose, check and explain the egress lists of an Istio mesh
.SH SYNOPSIS
.B egress\\-overlays
.I COMMAND
.RI [ ARGUMENT ...]
.SH DESCRIPTION
{description}
.PP
PATH is a kustomization directory, which is built with the kustomize on PATH, a file of YAML, or \\- for stdin.
Data goes to stdout, words for people to stderr.
.SH COMMANDS
"""
TAIL = """\
.SH EXIT STATUS
.TP
.B 0
fine
.TP
.B 1
the answer is no, or something was found
.TP
.B 2
wrong use, or input that cannot be read: one line on stderr says what to do
.TP
.B 3
a fault of egress\\-overlays itself
.SH ENVIRONMENT
.TP
.B NO_COLOR
no colour, on terminals either
"""


def page() -> str:
    """The whole page."""
    whole = parser()
    (choices,) = (action.choices for action in _actions(whole) if isinstance(action.choices, dict))
    parts = [HEAD.format(version=_text(VERSION), description=_text(whole.description or ""))]
    for name in COMMANDS:
        module = module_of(name)
        parts.append(f".SS {_text(name)}\n{_text(choices[name].description or '')}\n")
        parts += [_argument(action) for action in _actions(choices[name]) if action.dest != "help"]
        rest = (module.__doc__ or "").partition("\n")[2].strip()
        if rest:
            parts.append(f".PP\n.nf\n{_text(rest)}\n.fi\n")
        parts.append(f".PP\nExample:\n.PP\n.nf\n{_text(module.EXAMPLE)}\n.fi\n")
    return "".join([*parts, TAIL])


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return parser._actions  # noqa: SLF001 - argparse shows it nowhere else


def _argument(action: argparse.Action) -> str:
    names = ", ".join(action.option_strings) or str(action.metavar or action.dest)
    value = f" {action.metavar or action.dest.upper()}" if action.option_strings and action.nargs != 0 else ""
    more = "..." if action.nargs == "+" else ""
    words = (action.help or "").replace("%(default)s", str(action.default))
    return f".TP\n.B {_text(names + value + more)}\n{_text(words)}\n"


def _text(text: str) -> str:
    """`text` as roff takes it: no line of it is a request, and a hyphen can be copied."""
    escaped = (
        text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")
    )
    return "\n".join(f"\\&{line}" if line[:1] in (".", "'") else line for line in escaped.split("\n"))


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    sys.stderr.write(f"wrote {PAGE}\n")
