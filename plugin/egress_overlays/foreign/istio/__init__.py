"""Istio manifests: an SNI egress gateway, ServiceEntries that sidecars use directly, TLSRoutes in their place.

A name is taken over where it was reachable at port 443: matched by the sidecar's sniHosts and by everything after it
that matches names, which is the Gateway's hosts, its own routes, an EnvoyFilter's server_names and
AuthorizationPolicies (Istio, VirtualService, Gateway, ServiceEntry and AuthorizationPolicy references). The Nginx SNI
proxy of older gateways has no list of its own (Istio, "Wildcard egress", archive 1.13).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..found import Carried, Denied, Found, Note, left
from ..names import decided, denying, most_specific_first, plain
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
    services = [item for item in items if item.kind == "VirtualService"]
    registry = Registry(items)
    routes = [*from_mesh(services), *tlsroute.from_mesh(items, registry)]
    rules = [rule for route in routes for rule in route.rules()]
    for route in routes:
        yield from route.notes()
    for item in services:
        yield from beyond(item)
    yield from registry.notes()
    decisions = list(decided(most_specific_first(rules))) if routes else [*registry.direct(), *tlsroute.direct(items)]
    found = [one for one in decisions if isinstance(one, Carried)]
    denied = [one for one in decisions if isinstance(one, Denied)]
    yield from (one for one in decisions if isinstance(one, Note))
    opened = {plain(one.name) for one in found}
    if routes:
        found, others = registry.still_open(found)
        denied += [one for one in others if isinstance(one, Denied)]
        yield from (one for one in others if isinstance(one, Note))
    direct = {route.group for route in routes if route.is_direct} if routes else {one.group for one in found}
    policies = Authorization(items, services)
    hops = [
        server_names(items),
        Hop("the gateway's routes", [*at_gateway(services), *tlsroute.at_gateway(items)]) if routes else Hop("", []),
        gateway_hosts(items, services),
        policies.allowing(),
    ]
    for hop in hops:
        found, notes = narrowed(found, hop, direct)
        yield from notes
    found, notes = _not_denied(found, opened, denied)
    yield from notes
    # All of them decide about the same connections, one after the other.
    for one in [*policies.decided(found), *denied]:
        yield one if isinstance(one, Note) else one._replace(among=registry)
    if routes:
        yield from registry.past_gateway(found)
    yield from sidecars(items)


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
