"""A report in the format that was asked for: one module a format, each with `write(report, view) -> str`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ..console import Failure
from .view import View

if TYPE_CHECKING:
    from argparse import Namespace

    from ..console import Console
    from ..report import Report

__all__ = ["MODULES", "View", "render", "write"]

MODULES = {
    "text": "text",
    "json": "data",
    "yaml": "data",
    "markdown": "markdown",
    "html": "html",
    "sarif": "sarif",
    "junit": "junit",
    "github": "github",
    "prometheus": "prometheus",
}


def write(report: Report, arguments: Namespace, console: Console) -> None:
    """`report` on stdout as `-o` says, and whole into the files that `--save` names."""
    view = View(
        arguments.output,
        colour=console.colour(console.out),
        width=0 if arguments.wide else console.width(console.out),
        limit=getattr(arguments, "limit", 0),
        every=getattr(arguments, "all", False),
        docs=console.environ.get("EGRESS_OVERLAYS_DOCS", ""),
    )
    for form, file in map(_saved, arguments.save):
        try:
            Path(file).write_text(render(report, View(form, every=True, docs=view.docs)), encoding="utf-8")
        except OSError as fault:
            raise Failure(f"{file}: cannot be written: {fault.strerror}") from None
    console.write(render(report, view))


def _saved(text: str) -> tuple[str, str]:
    form, sign, file = text.partition("=")
    if not sign or not file or form not in MODULES:
        raise Failure(f'--save "{text}": write FORMAT=FILE, as in json=report.json; formats: {", ".join(MODULES)}')
    return form, file


def render(report: Report, view: View) -> str:
    """The text of `report` in the format of `view`."""
    text: str = import_module(f"{__name__}.{MODULES[view.form]}").write(report, view)
    return text
