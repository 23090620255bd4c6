"""Ports as network policies write them: a number, perhaps an end, and a protocol; and names that are open at them.

A name at 443 is the name alone. At another port it is carried over where a rule names that port by itself: a range and
"all ports" are no list of ports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..names.ports import can_hold
from .found import REMARK, Carried, Denied, Place
from .names import plain
from .values import mappings, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from .found import Found

HTTPS = 443


class Port(NamedTuple):
    """A range of ports, both ends as they were written, and the protocol in capitals."""

    first: str
    last: str
    protocol: str
    place: Place

    @property
    def shown(self) -> str:
        """The range in words."""
        return self.first if self.first == self.last else f"{self.first}-{self.last}"

    def is_only(self, port: str) -> bool:
        """Whether it is that one port."""
        return self.first == self.last == port

    def holds(self, port: int) -> bool:
        """Whether `port` is in it; 0 and nothing are all ports."""
        if self.first in ("", "0"):
            return True
        return self.first.isdigit() and self.last.isdigit() and int(self.first) <= port <= int(self.last)


def opened(value: Any, *, port: str = "port", end: str = "endPort", protocol: str = "protocol") -> list[Port]:
    """The ports in a list of mappings, by the keys that these have."""
    return [
        Port(text(one, port), text(one, end) or text(one, port), text(one, protocol).upper(), one.at(port))
        for one in mappings(value)
    ]


def serves(ports: Sequence[Port], port: int, *protocols: str) -> bool:
    """Whether `port` for one of `protocols` is among `ports`; no ports are all ports."""
    return not ports or any(one.protocol in protocols and one.holds(port) for one in ports)


def opens(ports: Sequence[Port], port: int, *protocols: str) -> bool:
    """Whether a name open at `ports` is carried over for `port`, which is named by itself where it is not 443."""
    if port == HTTPS:
        return serves(ports, port, *protocols)
    return any(one.protocol in protocols and one.is_only(str(port)) for one in ports)


def others(ports: Iterable[Port], *protocols: str) -> set[int]:
    """The ports beside 443, of `ports` for one of `protocols`, for which names are carried over."""
    return {
        int(one.first)
        for one in ports
        if one.protocol in protocols and one.first == one.last and one.first.isdecimal() and _is_other(int(one.first))
    }


def _is_other(port: int) -> bool:
    return port not in (0, HTTPS) and can_hold(port)


def other(written: str) -> int:
    """The port beside 443 that `written` is, if names are carried over for it; else 0."""
    return int(written) if written.isdecimal() and _is_other(int(written)) else 0


def at_port(name: str, port: int) -> str:
    """`name` at `port`, as our lists write it."""
    return name if port == HTTPS else f"{plain(name)}:{port}"


def by_port(ports: Iterable[int], read: Callable[[int], Iterable[Found]]) -> Iterator[Found]:
    """What `read` says of port 443, and then of each of `ports`: the names there, and the notes on them."""
    yield from read(HTTPS)
    for port in sorted(set(ports)):
        for found in read(port):
            yield from _moved(found, port)


def _moved(found: Found, port: int) -> Iterator[Found]:
    if not found.name or (not isinstance(found, (Carried, Denied)) and found.kind == REMARK):
        return  # said once is enough
    name = at_port(found.name, port)
    if isinstance(found, Carried):
        yield found._replace(name=name)
    elif isinstance(found, Denied):
        yield found._replace(name=name, by=at_port(found.by, port))
    else:
        yield found._replace(name=name, words=found.words.replace(f'"{found.name}"', f'"{name}"'))


def holds(written: object, dash: str, port: int) -> bool:
    """Whether a port, or a range in one text with `dash` between its ends, holds `port`; nothing is no port."""
    first, _, last = str(written).partition(dash)
    return first.isdecimal() and (last or first).isdecimal() and int(first) <= port <= int(last or first)
