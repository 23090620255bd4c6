"""Ports as network policies write them: a number, perhaps an end, and a protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .found import Place
from .values import mappings, text

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def serves(ports: Sequence[Port], *protocols: str) -> bool:
    """Whether port 443 for one of `protocols` is among `ports`; no ports are all ports."""
    return not ports or any(one.protocol in protocols and one.holds(HTTPS) for one in ports)


def holds_443(written: object, dash: str) -> bool:
    """Whether a port, or a range in one text with `dash` between its ends, holds 443; nothing is no port."""
    first, _, last = str(written).partition(dash)
    return first.isdecimal() and (last or first).isdecimal() and int(first) <= HTTPS <= int(last or first)
