"""A value in flow style on one line, as JSON has it.

The module json is left to what is rare in manifests: to load it takes longer than to edit the objects of ten ports.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def in_flow(value: Any) -> str:
    """`value` in JSON, in ASCII alone."""
    if isinstance(value, str) and value.isascii() and value.isprintable():
        return quoted(value)
    if isinstance(value, dict):
        return "{" + ", ".join([f"{in_flow(key)}: {in_flow(child)}" for key, child in value.items()]) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(in_flow, value)) + "]"
    if isinstance(value, int):
        return str(value).lower()  # true and false are numbers in Python
    import json

    # No astral characters here, whose escapes JSON and YAML do not share.
    return json.dumps(value)


def quoted(text: str) -> str:
    """`text` as a double-quoted YAML scalar on one line; `text` holds printable ASCII alone."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
