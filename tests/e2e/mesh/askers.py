"""Who asks for the connections of docs/ways.md, by each way; what arrives at a server counts, not what is answered.

None, where a way has nothing to ask: no address of the client's choice, no identity, no sidecar to go past.
"""

from __future__ import annotations

import dataclasses
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .application import Application
    from .internet import Internet
    from .mesh import Impostor
    from .proxy import Proxy
    from .waypoint import Waypoint

SITE = "185.15.63.10"
"""Where listed names are, unless DNS says otherwise; the address that clients connect to."""
SETTLED = 0.05  # seconds, in which a server notes who has connected


@dataclass(frozen=True)
class Asker:
    """The internet, and how it is asked."""

    internet: Internet

    def reaches(self, address: str, *asks: Callable[[], object]) -> bool:
        """Whether what is asked leads to a connection with the server at this address, or with any where it is "".

        Side by side: to a dead address a waypoint takes seconds for each.
        """
        before = len(self.internet.arrivals)
        with ThreadPoolExecutor(len(asks)) as pool:
            for asked in [pool.submit(ask) for ask in asks]:
                asked.result()
        time.sleep(SETTLED)
        return any(address in ("", one.address) for one in self.internet.arrivals[before:])

    def asks(
        self, name: str | None, address: str = "", *, at: str = SITE, times: int = 1, port: int = 443, raw: bytes = b""
    ) -> bool | None:
        """Whether a server, the one at `address`, is reached by a name, where the client was told that it is `at`.

        Of several addresses Envoy takes one after the other, from any of them on: so many `times` at the most.
        """
        ways = self._ways(name, at, port, raw)
        return any(self.reaches(address, *ways) for _ in range(times)) if ways else None

    def lies(self, name: str, at: str) -> bool | None:
        """Whether the client reaches an address of its choice by the name."""
        return self.asks(name, at, at=at)

    def is_theirs(self, name: str, at: str) -> bool | None:
        """Whether a name for another namespace alone is reached."""
        return self.asks(name, at, at=at)

    def past(
        self, name: str, address: str = "", *, at: str = "", shown: str = "own", port: int = 443, raw: bytes = b""
    ) -> bool | None:
        """Whether the workload reaches it past its sidecar, `shown` being its certificate: own, none or other."""
        del name, address, at, shown, port, raw
        return None

    def wraps(self, outer: str, name: str) -> bool | None:
        """Whether a name is reached inside of the mesh's TLS for `outer`."""
        del outer, name
        return None

    def _ways(self, name: str | None, at: str, port: int, raw: bytes) -> list[Callable[[], object]]:
        """The connections to try for one."""
        raise NotImplementedError


def _request(application: Application, name: str | None, raw: bytes, **how: Any) -> object:
    """One request of an application; it knows no name that it could verify where none is sent."""
    if raw:
        how["raw"] = raw.hex()
    return application.get(name or "no-sni.invalid", sni=name, unverified=not name, **how)


@dataclass(frozen=True)
class BySidecar(Asker):
    """The application behind its sidecar, and what has its certificate and stands past any sidecar."""

    application: Application
    impostor: Impostor
    gateway: Proxy | None
    stranger: tuple[Path, Path]

    def _ways(self, name: str | None, at: str, port: int, raw: bytes) -> list[Callable[[], object]]:
        return [lambda: _request(self.application, name, raw, address=at, port=port)]

    def past(
        self, name: str, address: str = "", *, at: str = "", shown: str = "own", port: int = 443, raw: bytes = b""
    ) -> bool | None:
        """Directly, or at the gateway."""
        where = {"port": port, **({"address": at} if at else {})}
        if self.reaches(address, lambda: _request(self.impostor.application, name, raw, **where)):
            return True
        if self.gateway is None or at or raw or port != 443:  # what no gateway takes
            return False
        gateway, (certificate, key) = self.gateway, self.stranger
        shows: dict[str, dict[str, Any]] = {
            "own": {},
            "none": {"certificate": None},
            "other": {"certificate": certificate, "key": key},
        }
        impostor = dataclasses.replace(self.impostor, **shows[shown])
        return self.reaches(address, lambda: impostor.through(gateway, name))

    def wraps(self, outer: str, name: str) -> bool | None:
        """At the gateway, as its sidecar would."""
        gateway = self.gateway
        if gateway is None:
            return None
        return self.reaches("", lambda: self.impostor.through(gateway, name, outer=outer))


@dataclass(frozen=True)
class AtWaypoint(Asker):
    """The same questions for a waypoint, which ztunnel would lead there; this one speaks HBONE by itself."""

    waypoint: Waypoint
    hosts: tuple[str, ...]
    """The addresses that ztunnel knows for hosts."""
    stranger: tuple[Path, Path]

    def _ways(self, name: str | None, at: str, port: int, raw: bytes, **how: Any) -> list[Callable[[], object]]:
        """At each address that ztunnel knows for a host, and at the one that the client names."""

        def one(host: str) -> Callable[[], object]:
            return lambda: self.waypoint.title(name, at=host, port=port, raw=raw, **how)

        return [*map(one, self.hosts), one(at)]

    def lies(self, name: str, at: str) -> bool | None:
        """At that address alone."""
        return self.reaches(at, lambda: self.waypoint.title(name, at=at))

    def past(
        self, name: str, address: str = "", *, at: str = "", shown: str = "own", port: int = 443, raw: bytes = b""
    ) -> bool | None:
        """Past ztunnel, at any address of the waypoint; what leaves past it is not tried."""
        shows: dict[str, dict[str, Any]] = {"own": {}, "none": {"shown": None}, "other": {"shown": self.stranger}}
        return self.reaches(address, *self._ways(name, at or SITE, port, raw, **shows[shown]))


@dataclass(frozen=True)
class AtEnvoyGateway(Asker):
    """A client of Envoy Gateway's listener: it has no identity there, and no address to choose."""

    application: Application
    address: str
    port: int

    def _ways(self, name: str | None, at: str, port: int, raw: bytes) -> list[Callable[[], object]]:
        del at
        asked = {"address": self.address, "port": self.port}
        return [lambda: _request(self.application, name, raw, **asked)] if port == 443 else []

    def lies(self, name: str, at: str) -> bool | None:
        """It connects to the gateway."""
        del name, at
        return None

    def is_theirs(self, name: str, at: str) -> bool | None:
        """Nobody asks who it is."""
        del name, at
        return None
