"""Fields of manifests that nobody has validated: what is of another type than it should be reads as absent."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def mapping(holder: Any, *keys: str) -> dict[str, Any]:
    """The mapping under `keys`, one below the other."""
    for key in keys:
        holder = holder.get(key) if isinstance(holder, dict) else None
    return holder if isinstance(holder, dict) else {}


def mappings(holder: Any, key: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The mappings in the list under `key`, each with its index."""
    found = holder.get(key) if isinstance(holder, dict) else None
    for index, item in enumerate(found if isinstance(found, list) else ()):
        if isinstance(item, dict):
            yield index, item


def texts(holder: Any, key: str) -> list[str]:
    """The texts in the list under `key`."""
    found = holder.get(key) if isinstance(holder, dict) else None
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def text(holder: Any, key: str) -> str:
    """The text under `key`."""
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, str) else ""


def number(holder: Any, key: str) -> int:
    """The number under `key`; 0, which is no port, where it is absent."""
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, int) else 0
