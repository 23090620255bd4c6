"""Where each part of a gateway's configuration comes from: the manifest, and the place in it.

Parts are known by their identity: the dictionaries of a model, which live as long as it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from .protojson import snake_name

Message = dict[str, Any]
Path = tuple[str | int, ...]


class Source(NamedTuple):
    """What the manifest `resource` says at `path` of a part; `removes` where it takes something away."""

    resource: Message
    path: Path
    removes: bool = False

    def place(self, below: Path) -> Path | None:
        """Where the manifest has what stands at `below` of the part; None where it says nothing of that."""
        node: Any = self.resource
        for step in self.path:
            node = _child(node, step)[1]
        found = list(self.path)
        for step in below:
            key, node = _child(node, step)
            if node is None:
                return None
            found.append(key)
        return tuple(found)


class Provenance:
    """The sources of every part, in the order in which they had their say."""

    def __init__(self) -> None:
        self._of: dict[int, list[Source]] = {}

    def note(self, part: Any, source: Source) -> None:
        """`source` made `part` or changed it."""
        self._of.setdefault(id(part), []).append(source)

    def sources(self, part: Any) -> list[Source]:
        """Who had a say in `part` itself; those of what it stands in are not among them."""
        return self._of.get(id(part), [])

    def made(self, part: Any, source: Source) -> None:
        """`source` made `part` and all that is in it."""
        for below, path in _parts(part, ()):
            self.note(below, source._replace(path=(*source.path, *path)))


def _parts(node: Any, path: Path) -> Iterator[tuple[Any, Path]]:
    """The mappings below `node`, filter chains and filters among them, each with its path."""
    if isinstance(node, dict):
        yield node, path
        for key in ("filter_chains", "default_filter_chain", "filters", "listener_filters"):
            yield from _parts(node.get(key), (*path, key))
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _parts(item, (*path, index))


def _child(node: Any, step: str | int) -> tuple[str | int, Any]:
    """What is under `step` of `node`, in either spelling of a field, with the key that it has there."""
    if isinstance(node, list):
        return step, node[step] if isinstance(step, int) and step < len(node) else None
    if not isinstance(node, dict):
        return step, None
    if step in node:
        return step, node[step]
    key = next((key for key in node if snake_name(str(key)) == step), None)
    return (step, None) if key is None else (key, node[key])
