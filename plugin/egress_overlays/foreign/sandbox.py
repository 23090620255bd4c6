"""Settings of sandboxes for coding agents: `allowedDomains` and `deniedDomains` under `network`.

`*.name` is everything below name, and never name itself; what is denied is denied whatever is allowed; what is on
neither list is asked for or refused (Sandbox Runtime, settings, network).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .found import Carried, Found
from .names import Rule, allow, decided
from .values import Map, mapping, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input, Item


def takes(item: Item) -> bool:
    """Whether the document has such a list."""
    return not item.kind and _network(item) is not None


def reads(_file: File) -> bool:
    """It is always JSON or YAML."""
    return False


def read(items: Sequence[Item], _files: Sequence[File], _given: Input) -> Iterator[Found]:
    """The names of every document."""
    for item in items:
        network = _network(item) or Map(item.place)
        rules = [Rule(name, name.place) for name in texts(network.get("deniedDomains"))]
        rules += [allow(Carried(name, item.file.stem, name.place)) for name in texts(network.get("allowedDomains"))]
        yield from decided(rules)


def _network(item: Item) -> Map | None:
    places = (mapping(item.value, "sandbox", "network"), mapping(item.value, "network"), item.value)
    return next((one for one in places if "allowedDomains" in one), None)
