"""The names that sidecars send to a gateway: what a probe expects it to let through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..names.domain import PLACEHOLDER, Domain
from ..sites.site import DENYING_ROUTE, is_by_http
from .gateway import Resource, namespace, of_kind
from .workload import Workload


def names(resources: list[Resource], workload: Workload) -> tuple[list[Domain], list[str]]:
    """(every sniHosts of a VirtualService of the mesh that leads to `workload`, notes).

    A route leads to it where its destination is a Service that selects it, or none of the manifests. Where no route
    does, the names of all routes are expected, and a note says so.
    """
    return _found(
        resources,
        workload,
        (
            (service, route, match, match.get("sniHosts") or [])
            for service in of_kind(resources, "VirtualService")
            for route in service["spec"].get("tls") or []
            if route.get("route") != DENYING_ROUTE
            for match in route.get("match") or []
        ),
    )


def hosts(resources: list[Resource], workload: Workload) -> tuple[list[Domain], list[str]]:
    """Likewise of plain HTTP: the `hosts` of VirtualServices that take the names of their set for it."""
    return _found(
        resources,
        workload,
        (
            (service, route, match, service["spec"].get("hosts") or [])
            for service in of_kind(resources, "VirtualService")
            if is_by_http(service)
            for route in service["spec"].get("http") or []
            for match in route.get("match") or []
        ),
    )


def _found(
    resources: list[Resource],
    workload: Workload,
    routes: Iterable[tuple[Resource, dict[str, Any], dict[str, Any], list[str]]],
) -> tuple[list[Domain], list[str]]:
    """(names, notes) of `routes`, each a VirtualService, one of its routes, a match of that, and the names."""
    mine: dict[str, None] = {}
    everybodys: dict[str, None] = {}
    for service, route, match, written in routes:
        if "mesh" in (match.get("gateways") or service["spec"].get("gateways") or ["mesh"]):
            found = dict.fromkeys(str(name).lower() for name in written)
            everybodys.update(found)
            if any(_leads_to(host, service, resources, workload) for host in _destinations(route) or [""]):
                mine.update(found)
    notes = []
    if everybodys and not mine:
        mine = everybodys
        notes.append(
            f"{workload.title}: no VirtualService of the mesh leads to a Service that selects it; expected is what "
            "the VirtualServices send to other gateways"
        )
    mine.pop(PLACEHOLDER, None)
    return [Domain(name) for name in mine], notes


def denied(resources: list[Resource]) -> list[Domain]:
    """The names that VirtualServices refuse inside of wildcards."""
    return [
        Domain(str(name).lower())
        for service in of_kind(resources, "VirtualService")
        for route in service["spec"].get("tls") or []
        if route.get("route") == DENYING_ROUTE
        for match in route.get("match") or []
        for name in match.get("sniHosts") or []
    ]


def _destinations(route: dict[str, Any]) -> list[str]:
    return [str((one.get("destination") or {}).get("host", "")) for one in route.get("route") or []]


def _leads_to(host: str, route_of: Resource, resources: list[Resource], workload: Workload) -> bool:
    services = [one for one in of_kind(resources, "Service", "v1") if host in _hosts(one, namespace(route_of))]
    if not services:
        return True
    return any(
        namespace(one) == workload.namespace and workload.selected((one.get("spec") or {}).get("selector"))
        for one in services
    )


def _hosts(service: Resource, seen_from: str) -> Iterator[str]:
    """What a VirtualService of namespace `seen_from` may call `service`."""
    name, here = service["metadata"]["name"], namespace(service)
    if here == seen_from:
        yield name
    for suffix in ("", ".svc", ".svc.cluster.local"):
        yield f"{name}.{here}{suffix}"
