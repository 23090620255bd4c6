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
        if value and all(isinstance(one, str) for one in value) and is_plain("".join(value)):
            # One text for all of them, which is five times as quick where they are many.
            return '["' + '", "'.join(value) + '"]'
        return "[" + ", ".join(map(in_flow, value)) + "]"
    if isinstance(value, int):
        return str(value).lower()  # true and false are numbers in Python
    import json

    # No astral characters here, whose escapes JSON and YAML do not share.
    return json.dumps(value)


def quoted(text: str) -> str:
    """`text` as a double-quoted YAML scalar on one line; `text` holds printable ASCII alone."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def is_plain(text: str) -> bool:
    """Whether quotes hold `text` as it is."""
    return text.isascii() and text.isprintable() and '"' not in text and "\\" not in text
