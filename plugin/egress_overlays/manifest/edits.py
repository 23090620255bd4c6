"""Changes to the value of a resource: paths and new values."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from typing import Any

Path = tuple["str | int", ...]
"""Leads to a field: `("spec", "tls", 0, "match", 1, "sniHosts")`."""

Edits = dict[Path, "Any"]
"""New values by path; None removes the key."""


def differing(one: Any, other: Any, without: Container[Path] = (), path: Path = ()) -> Iterator[Path]:
    """The deepest fields in which two values differ, but for those `without`; lists of unequal length as a whole."""
    if path in without:
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys(), key=str):
            yield from differing(one.get(key), other.get(key), without, (*path, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (mine, its) in enumerate(zip(one, other, strict=True)):
            yield from differing(mine, its, without, (*path, index))
    elif one != other:
        yield path


def at(value: Any, path: Path) -> Any:
    """What stands at `path`; None where nothing does."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        else:
            value = value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None
    return value


def dotted(path: Path) -> str:
    """`path` as kubectl explains it: `spec.tls[0].match[1].sniHosts`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]
