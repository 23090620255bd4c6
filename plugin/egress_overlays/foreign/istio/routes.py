"""VirtualServices: what their TLS routes match at the sidecars and at the gateway, and where it goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ..found import Carried, Found, Note, Place, Scope, left, wider
from ..names import EVERYTHING, Rule, allow, is_within, plain
from ..ports import HTTPS, other
from ..values import Map, Text, mapping, mappings, text, texts
from .hops import Passing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..files import Item

MESH = "mesh"
# A host that nothing answers for: RFC 6761's, and what people call it. Istio's own is BlackHoleCluster.
_HOLE = re.compile(r"black-?_?hole|\.invalid$|^(deny|denied|blocked|nowhere|sinkhole|drop)\b", re.IGNORECASE)


class Route(NamedTuple):
    """One match of a sidecar: its names, the port if it says one, whether it leads nowhere or to the name itself."""

    names: list[Text]
    port: str
    title: str
    group: str
    namespace: str
    place: Place
    is_closed: bool
    is_direct: bool
    scope: Scope | None
    subnets: bool

    def rules(self, port: int) -> Iterator[Rule]:
        """The names that it opens, or closes, at a port."""
        is_served = self.port in ("", str(port))
        for name in self.names:
            if self.is_closed and is_served:
                yield Rule(name, name.place)
            elif name != EVERYTHING and (self.port or str(HTTPS)) == str(port) and not self.is_closed:
                yield allow(Carried(name, self.group, name.place, scope=self.scope, namespace=self.namespace))

    def notes(self) -> Iterator[Note]:
        """What it opened and a list cannot."""
        is_held = self.port in ("", str(HTTPS)) or bool(other(self.port))
        for name in self.names:
            if not is_held and not self.is_closed:
                words = f'"{name}" of {self.title}: was open at port {self.port}, which no list can hold'
                yield left(name.place, words, name)
            elif name == EVERYTHING and not self.is_closed:
                yield left(name.place, f"{self.title}: lets every name through; that is not carried over")
        if self.subnets:
            yield wider(self.place, f"{self.title}: destinationSubnets is not carried over; names are resolved by DNS")


def from_mesh(services: Sequence[Item]) -> list[Route]:
    """The TLS matches of sidecars."""
    return [route for item in services for route in _routes(item)]


def _routes(item: Item) -> Iterator[Route]:
    hosts = {plain(host) for host in texts(item.spec.get("hosts"))}
    for route in mappings(item.spec.get("tls")):
        hosts_to = [
            text(mapping(one, "destination"), "host") for one in mappings(route.get("route")) if one.get("weight") != 0
        ]
        is_closed = not hosts_to or all(_HOLE.search(host) for host in hosts_to)
        is_direct = all("." in host and is_within(plain(host), hosts) for host in hosts_to)
        for match in mappings(route.get("match")):
            if MESH in _gateways(item, match):
                yield Route(
                    texts(match.get("sniHosts")),
                    text(match, "port"),
                    f"VirtualService {item.name}",
                    item.name or "virtual-service",
                    item.namespace,
                    match.place,
                    is_closed,
                    is_direct and not is_closed,
                    scope_of(item, match),
                    bool(match.get("destinationSubnets")),
                )


def at_gateway(services: Sequence[Item]) -> Iterator[Passing]:
    """What the gateways' own routes let through."""
    for item in services:
        for route in mappings(item.spec.get("tls")):
            hosts_to = [text(mapping(one, "destination"), "host") for one in mappings(route.get("route"))]
            for match in mappings(route.get("match")):
                if set(_gateways(item, match)) != {MESH} and not all(map(_HOLE.search, hosts_to)):
                    if MESH in _gateways(item, match):
                        continue  # one match for both: what leaves the mesh by it is what counts
                    for name in texts(match.get("sniHosts")):
                        yield Passing(name, name.place, f"VirtualService {item.name}")
        for route in mappings(item.spec.get("tcp")):
            matches = mappings(route.get("match"))
            if any(set(_gateways(item, match)) != {MESH} for match in matches or [Map(item.place)]):
                yield Passing(EVERYTHING, route.place, "")


def _gateways(item: Item, match: Map) -> list[str]:
    """The gateways that a match is for (Istio, TLSMatchAttributes.gateways)."""
    return list(map(str, texts(match.get("gateways")) or texts(item.spec.get("gateways")))) or [MESH]


def bound(services: Iterable[Item]) -> set[tuple[str, str]]:
    """The gateways, by namespace and name, that VirtualServices are bound to."""
    found = set()
    for item in services:
        names = set(map(str, texts(item.spec.get("gateways"))))
        for kind in ("tls", "tcp", "http"):
            for route in mappings(item.spec.get(kind)):
                names |= {str(name) for match in mappings(route.get("match")) for name in texts(match.get("gateways"))}
        for name in names - {MESH}:
            namespace, slash, short = name.rpartition("/")
            found.add((namespace if slash and namespace != "." else item.namespace, short))
    return found


def scope_of(item: Item, match: Map) -> Scope | None:
    """Whom a match is for: exportTo of its object, sourceNamespace and sourceLabels."""
    exported = texts(item.spec.get("exportTo"))
    source = match.get("sourceNamespace")
    labels = mapping(match, "sourceLabels")
    if (not exported or "*" in exported) and not source and not labels:
        return None
    spaces = [item.namespace if one == "." else str(one) for one in exported if one != "*"]
    clients = tuple(filter(None, [str(source)] if source else spaces))
    keys = [key for key, there in (("sourceNamespace", source), ("sourceLabels", labels)) if there]
    keys += ["exportTo"] if exported and "*" not in exported else []
    words = f"{item.kind} {item.name}: {' and '.join(keys)} limits who sees it"
    place = item.spec.at("exportTo") if keys == ["exportTo"] else match.place
    return Scope(words, place, clients, exact=bool(clients) and not labels)


def beyond(item: Item) -> Iterator[Found]:
    """What else a VirtualService said that a list of names does not."""
    if item.spec.get("http"):
        words = f"VirtualService {item.name}: its http routes are not carried over; only TLS is matched by name"
        yield left(item.spec.at("http"), words)
