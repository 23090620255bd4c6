"""TLSRoutes of the Gateway API: hostnames that go to the outside, by a gateway or from the mesh.

A route of a mesh has a ServiceEntry for its parent; one of a gateway leads outside where its backend is no Service of
the cluster (Istio's kind Hostname, Envoy Gateway's Backend) (Gateway API, TLSRoute; GAMMA).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..found import Carried, Note, left
from ..values import Map, mappings, text, texts
from .hops import Passing
from .routes import Route

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..files import Item
    from .entries import Registry

_OUTSIDE = ("Hostname", "ServiceEntry", "Backend")


def from_mesh(items: Sequence[Item], registry: Registry) -> Iterator[Route]:
    """The routes of sidecars and waypoints."""
    for item in _routes(items):
        for parent in mappings(item.spec.get("parentRefs")):
            if text(parent, "kind") == "ServiceEntry":
                names = texts(item.spec.get("hostnames")) or registry.hosts(text(parent, "name"))
                port = text(parent, "port")
                yield Route(
                    names, port, _title(item), item.name, item.namespace, item.place, False, _outside(item), None, False
                )


def at_gateway(items: Sequence[Item]) -> Iterator[Passing]:
    """What the routes of gateways let through."""
    for item in _of_gateways(items):
        for name in texts(item.spec.get("hostnames")):
            yield Passing(name, name.place, _title(item))


def direct(items: Sequence[Item]) -> Iterator[Carried | Note]:
    """The names of gateways' routes, where nothing stands before these."""
    gateways = {item.name: item for item in items if item.kind == "Gateway" and item.spec.get("listeners")}
    for item in _routes(items):
        if not _parents(item, "Gateway"):
            continue
        for name in texts(item.spec.get("hostnames")):
            if not _outside(item):
                yield left(name.place, f'"{name}" of {_title(item)}: leads to a Service of the cluster', name)
            elif not any(_listens(gateways.get(text(one, "name")), one) for one in _parents(item, "Gateway")):
                yield left(name.place, f'"{name}" of {_title(item)}: its Gateway listens at no port 443', name)
            else:
                yield Carried(name, item.name or "tls-route", name.place, namespace=item.namespace)


def _listens(gateway: Item | None, parent: Map) -> bool:
    """Whether a parent may listen at 443; one that is not at hand may."""
    if gateway is None:
        return text(parent, "port") in ("", "443")
    section = text(parent, "sectionName")
    listeners = [one for one in mappings(gateway.spec.get("listeners")) if section in ("", text(one, "name"))]
    return any(text(one, "protocol") == "TLS" and text(one, "port") == "443" for one in listeners)


def _routes(items: Sequence[Item]) -> Iterator[Item]:
    return (item for item in items if item.kind == "TLSRoute")


def _of_gateways(items: Sequence[Item]) -> Iterator[Item]:
    return (item for item in _routes(items) if _parents(item, "Gateway") and _outside(item))


def _parents(item: Item, kind: str) -> list[Map]:
    return [one for one in mappings(item.spec.get("parentRefs")) if (text(one, "kind") or "Gateway") == kind]


def _outside(item: Item) -> bool:
    """Whether a route leads out of the cluster."""
    backends = [one for rule in mappings(item.spec.get("rules")) for one in mappings(rule.get("backendRefs"))]
    return any(text(one, "kind") in _OUTSIDE for one in backends)


def _title(item: Item) -> str:
    return f"TLSRoute {item.name}"
