"""A place in a resource where a list of names stands."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..manifest.edits import Path


class Place:
    """A list of names: `path` leads to it, as in `("spec", "tls", 0, "match", 1, "sniHosts")`."""

    __slots__ = ("path",)

    def __init__(self, path: Path) -> None:
        self.path = path


class ClientsPlace:
    """An RBAC filter's configuration, at `path`, that says which client may reach which name."""

    __slots__ = ("path",)

    def __init__(self, path: Path) -> None:
        self.path = path


class BadPlace:
    """What stands at `path` where names belong, and cannot be filled: `reason` says what to mend."""

    __slots__ = ("path", "reason")

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason


def list_at(holder: dict[str, Any], key: str, path: Path) -> Iterator[Place | BadPlace]:
    """The list under `key` of the mapping at `path`, where the key is present."""
    if key in holder:
        here = (*path, key)
        if isinstance(holder[key], list):
            yield Place(here)
        else:
            yield BadPlace(here, "must be a list of names")


def mappings(holder: dict[str, Any], key: str, path: Path, found: list[Any]) -> Iterator[tuple[dict[str, Any], Path]]:
    """The mappings in the list under `key` of the mapping at `path`, each with its own path.

    What is of another shape goes to `found` as a BadPlace: a list of names could stand in it.
    """
    entries = holder.get(key)
    if entries is None:
        return
    here = (*path, key)
    if not isinstance(entries, list):
        found.append(BadPlace(here, "must be a list"))
        return
    for index, entry in enumerate(entries):
        if isinstance(entry, dict):
            yield entry, (*here, index)
        else:
            found.append(BadPlace((*here, index), "must be a mapping"))
