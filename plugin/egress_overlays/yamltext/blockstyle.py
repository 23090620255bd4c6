"""A value written in block style, a field a line; loaded where a whole item is added to a list."""

from __future__ import annotations

from .flowstyle import in_flow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def item(value: dict[str, Any], column: int) -> list[str]:
    """The lines of a mapping as an item of a list whose dashes stand at `column`."""
    lines = _lines(value, column + 2)
    return [" " * column + "- " + lines[0][column + 2 :], *lines[1:]]


def _lines(value: Any, column: int) -> list[str]:
    """The lines of a mapping or a list that is not empty, indented to `column`."""
    lines = []
    for key, child in value.items() if isinstance(value, dict) else ((None, one) for one in value):
        if not (isinstance(child, (dict, list)) and child):
            head = "- " if key is None else f"{_key(key)}: "
            lines.append(" " * column + head + in_flow(child))
        elif key is None:
            inner = _lines(child, column + 2)
            lines += [" " * column + "- " + inner[0][column + 2 :], *inner[1:]]
        else:
            lines += [" " * column + _key(key) + ":", *_lines(child, column if isinstance(child, list) else column + 2)]
    return lines


def _key(key: str) -> str:
    return key if key.replace("_", "").isalnum() and key[0].isalpha() else in_flow(key)
