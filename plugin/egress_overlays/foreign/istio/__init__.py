"""Istio manifests: an SNI egress gateway, ServiceEntries that sidecars use directly, TLSRoutes in their place.

A name is taken over where it was reachable at port 443: matched by the sidecar's sniHosts and by everything after it
that matches names, which is the Gateway's hosts, its own routes, an EnvoyFilter's server_names and
AuthorizationPolicies (Istio, VirtualService, Gateway, ServiceEntry and AuthorizationPolicy references). The Nginx SNI
proxy of older gateways has no list of its own (Istio, "Wildcard egress", archive 1.13).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..found import Carried, Denied, Found, Note, left
from ..names import covers, decided, denying, is_within, most_specific_first, plain
from ..ports import HTTPS, by_port, other
from . import tlsroute
from .authorization import Authorization
from .entries import Registry
from .filters import server_names
from .hops import Hop, narrowed
from .limits import gateway_hosts, sidecars
from .routes import at_gateway, beyond, from_mesh

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from ..files import File, Input, Item

_KINDS = {
    "networking.istio.io": (
        *("VirtualService", "ServiceEntry", "EnvoyFilter", "Gateway", "DestinationRule", "Sidecar"),
        *("WorkloadEntry", "WorkloadGroup", "ProxyConfig"),
    ),
    "security.istio.io": ("AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"),
    "gateway.networking.k8s.io": ("Gateway", "TLSRoute", "HTTPRoute", "ReferenceGrant", "GatewayClass"),
    "gateway.envoyproxy.io": ("Backend",),
}


def takes(item: Item) -> bool:
    """Whether it is of Istio's kinds, or of those of the Gateway API."""
    return item.kind in _KINDS.get(item.group, ()) or (
        not item.group and item.kind in ("VirtualService", "EnvoyFilter")
    )


def reads(_file: File) -> bool:
    """It is always YAML."""
    return False


def read(items: Sequence[Item], _files: Sequence[File], _given: Input) -> Iterator[Found]:
    """The names that were reachable, grouped by the VirtualService or ServiceEntry that held them."""
    mesh = _Mesh(items)
    ports = {other(route.port) for route in mesh.routes} if mesh.routes else mesh.registry.ports()
    for route in mesh.routes:
        yield from route.notes()
    for item in mesh.services:
        yield from beyond(item)
    yield from mesh.registry.notes()
    yield from by_port(ports - {0}, mesh.at)
    yield from sidecars(items)


class _Mesh:
    """All objects together."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self.services = [item for item in items if item.kind == "VirtualService"]
        self.registry = Registry(items)
        self.routes = [*from_mesh(self.services), *tlsroute.from_mesh(items, self.registry)]
        self._policies = Authorization(items, self.services)
        at_gateways = [*at_gateway(self.services), *tlsroute.at_gateway(items)] if self.routes else []
        self._hops = [
            server_names(items),
            Hop("the gateway's routes", at_gateways),
            gateway_hosts(items, self.services),
            self._policies.allowing(),
        ]

    def at(self, port: int) -> Iterator[Found]:
        """The names that were reachable at a port, whatever the port of the gateway that they came by."""
        decisions = list(self._at_sidecars(port))
        names = {plain(one.name) for one in decisions}
        holding = {cover for name in names for cover in covers(name)}
        for one in self._through(decisions, port):
            # Of other ports, what is about names there.
            if port == HTTPS or not isinstance(one, Note) or plain(one.name) in holding or is_within(one.name, names):
                yield one

    def _through(self, decisions: Sequence[Found], port: int) -> Iterator[Found]:
        """What of the sidecars' decisions about a port passes everything after them."""
        found = [one for one in decisions if isinstance(one, Carried)]
        denied = [one for one in decisions if isinstance(one, Denied)]
        yield from (one for one in decisions if isinstance(one, Note))
        opened = {plain(one.name) for one in found}
        if self.routes:
            found, others = self.registry.still_open(found, port)
            denied += [one for one in others if isinstance(one, Denied)]
            yield from (one for one in others if isinstance(one, Note))
        direct = {one.group for one in self.routes if one.is_direct} if self.routes else {one.group for one in found}
        for hop in self._hops:
            found, notes = narrowed(found, hop, direct)
            yield from notes
        found, notes = _not_denied(found, opened, denied)
        yield from notes
        # All of them decide about the same connections, one after the other.
        for one in [*self._policies.decided(found), *denied]:
            yield one if isinstance(one, Note) else one._replace(among=self)
        if self.routes and port == HTTPS:
            yield from self.registry.past_gateway(found)

    def _at_sidecars(self, port: int) -> Iterator[Found]:
        """What leaves the sidecars at a port."""
        if self.routes:
            yield from decided(most_specific_first(rule for route in self.routes for rule in route.rules(port)))
        else:
            yield from self.registry.direct(port)
            yield from tlsroute.direct(self._items) if port == HTTPS else ()


def _not_denied(
    found: Sequence[Carried], opened: Collection[str], denied: Sequence[Denied]
) -> tuple[list[Carried], list[Note]]:
    """Those of `found` that the sidecar does not deny, `opened` being what it lets through."""
    known = {one.name for one in denied}
    kept, notes = [], []
    for one in found:
        by = denying(plain(one.name), opened, known)
        if by:
            notes.append(left(one.place, f'"{one.name}" is denied by "{by}" at the sidecar', one.name))
        else:
            kept.append(one)
    return kept, notes
