"""Settings of sandboxes for coding agents: `allowedDomains` and `deniedDomains` under `network`.

`*.name` is everything below name, and never name itself; an entry may end in a port. What is denied is denied whatever
is allowed; what is on neither list is asked for or refused (Sandbox Runtime, settings, network).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .found import Carried, Found
from .names import Rule, allow, decided
from .ports import HTTPS, at_port, other
from .values import Map, Text, mapping, texts

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
        allowed, denied = (
            [_entry(one) for one in texts(network.get(key))] for key in ("allowedDomains", "deniedDomains")
        )
        ports = [HTTPS, *sorted({port for _, port in allowed if other(str(port))})]
        # An entry without a port is for every port.
        rules = [Rule(at_port(name, at), name.place) for name, port in denied for at in ([port] if port else ports)]
        rules += [allow(Carried(at_port(name, port or HTTPS), item.file.stem, name.place)) for name, port in allowed]
        yield from decided(rules)


def _entry(written: Text) -> tuple[Text, int]:
    """The name of an entry and its port; 0 where it has none."""
    name, _, port = written.rpartition(":")
    if name and ":" not in name and port.isdecimal() and 0 < int(port) <= 65535:
        return Text(name, written.place), int(port)
    return written, 0


def _network(item: Item) -> Map | None:
    places = (mapping(item.value, "sandbox", "network"), mapping(item.value, "network"), item.value)
    return next((one for one in places if "allowedDomains" in one), None)
