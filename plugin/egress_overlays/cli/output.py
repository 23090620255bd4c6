"""How data looks on stdout: aligned text for people, JSON and YAML for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from .console import Console

_CODES = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2"}


class Paint:
    """Colours text for a stream that shows colours, and leaves it alone for any other."""

    def __init__(self, console: Console, stream: TextIO) -> None:
        self.on = console.colour(stream)

    def __call__(self, text: str, colour: str) -> str:
        """`text` in `colour`, one of red, green, yellow, bold and dim."""
        return f"\033[{_CODES[colour]}m{text}\033[0m" if self.on and text else text


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Aligned lines, two spaces between columns; columns that are empty in every row are left out."""
    used = [index for index in range(len(header)) if any(row[index] for row in rows)] or [0]
    lines = [[row[index] for index in used] for row in [header, *rows]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def structured(value: Any, form: str) -> str:
    """`value` in `form`, json or yaml."""
    import json

    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    if form == "yaml":
        import yaml

        # By way of JSON: PyYAML writes plain types alone, and a Domain is a kind of str.
        text = yaml.safe_dump(json.loads(text), sort_keys=False, allow_unicode=True, width=1 << 20)
    return text


def printable(text: str) -> str:
    """`text` on one line, without what could move a terminal's cursor or hide a character."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
