"""ServiceEntries: which names the mesh knows, at which ports, and where these lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..found import Carried, Denied, Note, left, wider
from ..names import EVERYTHING, covers, parts, plain
from ..ports import HTTPS, Port, opened, opens, others
from ..values import Map, Text, mapping, mappings, text, texts
from .routes import scope_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..files import Item

_TLS = ("TLS", "HTTPS", "TCP", "GRPC-WEB", "")
_TLS_AT_OTHERS = ("TLS", "HTTPS", "TCP", "")


class Registry:
    """All ServiceEntries together."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._entries = [item for item in items if item.kind == "ServiceEntry"]
        self._holders: dict[str, list[Item]] = {}
        for item in self._entries:
            for host in texts(item.spec.get("hosts")):
                self._holders.setdefault(plain(host), []).append(item)
        self._originating = {
            plain(text(item.spec, "host")): item.name
            for item in items
            if item.kind == "DestinationRule" and _begins_tls(item.spec)
        }

    def hosts(self, name: str) -> list[Text]:
        """The hosts of the ServiceEntry `name`."""
        return [host for item in self._entries if item.name == name for host in texts(item.spec.get("hosts"))]

    def ports(self) -> set[int]:
        """The ports beside 443 for which names are carried over."""
        return {port for item in self._entries for port in others(_ports(item), *_TLS_AT_OTHERS)}

    def direct(self, port: int) -> Iterator[Carried | Note]:
        """The names that sidecars reach at a port, by ServiceEntries alone."""
        for item in self._entries:
            for host in texts(item.spec.get("hosts")):
                why = self._closed(item, host, port)
                if why:
                    if port == HTTPS and not self._is_elsewhere(item, host):
                        yield left(host.place, f'"{host}" of ServiceEntry {item.name}: {why}', host)
                elif host != EVERYTHING and not _is_beside(item):
                    scope = scope_of(item, Map(item.place))
                    yield Carried(host, item.name or "service-entry", host.place, scope=scope, namespace=item.namespace)

    def _is_elsewhere(self, item: Item, host: str) -> bool:
        """Whether a name is open at another port for which it is carried over."""
        return any(not self._closed(item, host, port) for port in others(_ports(item), *_TLS_AT_OTHERS))

    def still_open(self, found: Sequence[Carried], port: int) -> tuple[list[Carried], list[Denied | Note]]:
        """Those of `found` that no ServiceEntry closes by its ports or its place, and what to say of each other one."""
        kept: list[Carried] = []
        closed: list[Carried] = []
        said: list[Denied | Note] = []
        for one in found:
            holders = [item for cover in covers(plain(one.name)) for item in self._holders.get(cover, ())]
            reasons = [self._closed(item, one.name, port) for item in holders]
            if holders and all(reasons):
                words = f'"{one.name}": ServiceEntry {holders[0].name} says that it {reasons[0]}'
                said.append(left(one.place, words, one.name))
                closed.append(one)
            else:
                kept.append(one)
        still = {plain(one.name) for one in kept}
        for one in closed:
            for part in parts(one.name):
                by = next((cover for cover in covers(part) if cover in still), None)
                if by is not None:
                    said.append(Denied(part, by, one.place, self))
        return kept, said

    def past_gateway(self, found: Sequence[Carried]) -> Iterator[Note]:
        """Names of ServiceEntries that no route to the gateway matches."""
        taken = {plain(one.name) for one in found}
        for item in self._entries:
            for host in texts(item.spec.get("hosts")):
                if not _is_beside(item) and not any(cover in taken for cover in covers(plain(host))):
                    words = f'"{host}" of ServiceEntry {item.name} was reached past the gateway, if at all'
                    yield left(host.place, f"{words}: {self._closed(item, host, HTTPS) or 'left out'}", host)

    def notes(self) -> Iterator[Note]:
        """What ServiceEntries say beside names."""
        for item in self._entries:
            title = f"ServiceEntry {item.name}"
            if _is_beside(item):
                continue
            for port in _ports(item):
                is_held = port.is_only(str(HTTPS)) or bool(others([port], *_TLS_AT_OTHERS))
                if not is_held and not self._closed(item, "", HTTPS):
                    protocol = f" ({port.protocol})" if port.protocol else ""
                    yield left(port.place, f"{title}: port {port.shown}{protocol} is not carried over")
            for key in ("endpoints", "addresses"):
                if item.spec.get(key) and (not self._closed(item, "", HTTPS) or self._is_elsewhere(item, "")):
                    words = f"{title}: its fixed {key} are not carried over; names are resolved by DNS"
                    host = next(iter(texts(item.spec.get("hosts"))), "")
                    yield wider(item.spec.at(key), words, host)

    def _closed(self, item: Item, host: str, port: int) -> str:
        """Why an entry opens no name to TLS at a port; empty where it does."""
        if text(item.spec, "location") == "MESH_INTERNAL":
            return "is inside of the mesh (MESH_INTERNAL)"
        if item.spec.get("workloadSelector"):
            return "leads to pods of the cluster (workloadSelector)"
        ports = _ports(item)
        begun = self._originating.get(plain(host))
        if port == HTTPS:
            is_open = not ports or any(one.is_only(str(HTTPS)) and one.protocol in _TLS for one in ports)
        else:
            is_open = opens(ports, port, *_TLS_AT_OTHERS) and begun is None
        if is_open:
            return ""
        tls = f"; its TLS is begun by DestinationRule {begun}, and an application must begin it itself" if begun else ""
        shown = ", ".join(f"{one.shown} ({one.protocol or 'TCP'})" for one in ports)
        return f"was open at {shown} alone{tls}"


def _ports(item: Item) -> list[Port]:
    return opened(item.spec.get("ports"), port="number")


def _begins_tls(spec: Map) -> bool:
    policy = mapping(spec, "trafficPolicy")
    settings = [policy, *mappings(policy.get("portLevelSettings"))]
    return any(text(mapping(one, "tls"), "mode") in ("SIMPLE", "MUTUAL") for one in settings)


def _is_beside(item: Item) -> bool:
    """Whether it stands for a process beside the gateway, as the Nginx proxy was."""
    addresses = [text(one, "address") for one in mappings(item.spec.get("endpoints"))]
    return bool(addresses) and all(one.startswith("127.") or one == "::1" for one in addresses)
