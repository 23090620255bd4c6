"""Where in its file the text stands that a finding quotes, so that a tool can put the proposal in its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..rendered.locations import Location


def columns(location: Location, value: str) -> tuple[int, int]:
    """The columns, from 1, where `value` begins and ends in its line, in code points; (0, 0) where it is not sure."""
    try:
        lines = Path(location.file).read_text(encoding="utf-8").split("\n") if location.line and value else []
    except (OSError, UnicodeDecodeError):
        return 0, 0
    text = lines[location.line - 1].partition(" #")[0] if location.line <= len(lines) and lines else ""
    found = [one.span() for one in re.finditer(rf"(?<!\S){re.escape(value)}(?!\S)", text)]
    return (found[0][0] + 1, found[0][1] + 1) if len(found) == 1 else (0, 0)
