"""Writes docs/commands.md from what --help is made from: `make commands`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from egress_overlays.cli import COMMANDS, module_of, parser
from egress_overlays.review import doctor, verification

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"

HEAD = """# Commands

<!-- Written by `make commands` from what --help is made from; tests/cli/test_help.py holds the two together. -->

`egress-overlays COMMAND --help` says the same. With a ResourceList on stdin and no argument, `egress-overlays` is the
KRM function that Kustomize runs.

PATH is a kustomization directory (built with the `kustomize` on PATH, so the tree's own functions run), a file of YAML
(rendered or live manifests, or a domains ConfigMap), or `-` for stdin. Data goes to stdout, words for people to stderr.

| exit code | meaning |
|---|---|
| 0 | fine |
| 1 | the answer is no, or something was found |
| 2 | wrong use, or input that cannot be read: one line on stderr says what to do |

Colour is for terminals alone; set `NO_COLOR` to do without.

The examples are of a reader *in a tree of `init`:*
"""

RULES = {"verify": verification.RULES, "doctor": doctor.RULES}
RULES_HEAD = """### Rules

What each rule of `{}` wants:

| rule | it holds when |
|---|---|
"""


def page() -> str:
    """The whole page."""
    whole = parser()
    (choices,) = (action.choices for action in actions(whole) if isinstance(action.choices, dict))
    parts = [HEAD]
    for name in COMMANDS:
        command = choices[name]
        module = module_of(name)
        parts.append(f"## {name}\n")
        parts.append(f"{command.description}\n")
        parts.append(f"```sh\n{module.EXAMPLE}\n```\n")
        parts.append(_arguments(command))
        rest = (module.__doc__ or "").partition("\n")[2].strip()
        if rest:
            parts.append(f"{_plain(rest)}\n")
        if name in RULES:
            rules = "".join(f"| {rule} | {_plain(words)} |\n" for rule, words in RULES[name].items())
            parts.append(RULES_HEAD.format(name) + rules)
    return "\n".join(parts)


def actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """What a parser takes."""
    return parser._actions  # noqa: SLF001 - argparse shows it nowhere else


def _arguments(command: argparse.ArgumentParser) -> str:
    rows = []
    for action in actions(command):
        if action.dest == "help":
            continue
        names = ", ".join(action.option_strings) or action.metavar or action.dest
        value = f" {action.metavar or action.dest.upper()}" if action.option_strings and action.nargs != 0 else ""
        more = "..." if action.nargs == "+" else ""
        words = (action.help or "").replace("%(default)s", str(action.default))
        # A bar ends a cell of the table even inside code.
        shown = f"{names}{value}{more}".replace("|", "\\|")
        rows.append(f"| `{shown}` | {_plain(words)} |\n")
    return "| argument | |\n|---|---|\n" + "".join(rows)


def _plain(text: str) -> str:
    return text.replace("*", "\\*").replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stderr.write(f"wrote {PAGE}\n")
