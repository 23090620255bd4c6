"""EnvoyFilters that forward by SNI: the server_names of their filter chains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...manifest.edits import at
from ...manifest.resource import Resource
from ...rendered.host_lists import EVERYTHING, lists_of
from ...sites import GATEWAY
from ..values import place_of
from .hops import Hop, Passing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..files import Item


def server_names(items: Sequence[Item]) -> Hop:
    """What the gateway matches; nothing where no EnvoyFilter looks at names, as before the Nginx proxy."""
    return Hop("the gateway", (one for item in items if item.kind == "EnvoyFilter" for one in _of(item)))


def _of(item: Item) -> Iterator[Passing]:
    title = f"EnvoyFilter {item.name}"
    for entry in lists_of(Resource(item.value)):
        if entry.hop == GATEWAY:
            names: Any = [] if entry.is_missing else at(item.value, entry.path)
            for name in names:
                yield Passing(str(name), place_of(name, item.place), title)
            if EVERYTHING in entry.matching:
                yield Passing(EVERYTHING, item.place, "")
