"""A report as one HTML page that needs nothing from elsewhere: `COMMAND.html` with what `COMMAND_page` puts into it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..report import Report
    from .view import View


def write(report: Report, _view: View) -> str:
    """The page."""
    values: dict[str, str] = import_module(f"{__package__}.{report.command}_page").values(report)
    text = Path(__file__).with_name(f"{report.command}.html").read_text(encoding="utf-8")
    before, *parts = text.split("{{")
    # One pass: a name on a list can never be taken for a placeholder.
    return before + "".join(values[part.partition("}}")[0]] + part.partition("}}")[2] for part in parts)
