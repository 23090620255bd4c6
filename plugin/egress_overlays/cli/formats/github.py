"""GitHub workflow commands, which annotate files and lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.findings import ERROR, INFO, WARNING
from .escaping import command, parameter

if TYPE_CHECKING:
    from ..report import Report
    from .view import View

_WORDS = {ERROR: "error", WARNING: "warning", INFO: "notice"}


def write(report: Report, _view: View) -> str:
    """A command a finding; nothing where nothing was found. What is accepted needs no annotation."""
    lines = []
    for one in report.findings:
        if not one.accepted:
            where = f"file={parameter(one.file)}" + (f",line={one.line}" if one.line else "")
            title = parameter(f"egress-overlays: {one.rule}")
            lines.append(f"::{_WORDS[one.severity]} {where},title={title}::{command(one.said)}\n")
    return "".join(lines)
