"""How many of what, in words: the one place that knows of plurals."""

from __future__ import annotations


def many(count: int, what: str, plural: str = "") -> str:
    """`1 name`, `2 names`, `0 names`; `plural` stands for more than one where it is not `what` and an s."""
    return f"{count} {what if count == 1 else plural or what + 's'}"
