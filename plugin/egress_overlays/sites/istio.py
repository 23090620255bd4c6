"""Istio's kinds of an SNI egress gateway: a name must stand in the registry, at the sidecars and at the gateway."""

from __future__ import annotations

from ..manifest.resource import NAMES_ANNOTATION
from ..names.domain import PLACEHOLDER
from . import envoy_filter
from .site import (
    BY_PATCHES,
    BY_REGISTERING,
    BY_ROUTES,
    DENYING_ROUTE,
    GATEWAY,
    REGISTRY,
    ROUTES,
    SIDECAR,
    TEXT,
    BadPlace,
    DenialPlace,
    Form,
    Site,
    is_by_http,
    list_at,
    mappings,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from ..manifest.edits import Edits, Path
    from ..manifest.resource import Resource
    from .site import Found, Place

GROUP = "networking.istio.io"
DYNAMIC = "DYNAMIC_DNS"

BESIDE = {
    SIDECAR: "VirtualService with sniHosts for the mesh",
    GATEWAY: "EnvoyFilter with server_names",
    REGISTRY: "ServiceEntry",
}
BESIDE_WAYPOINT = {GATEWAY: "AuthorizationPolicy with connection.sni", REGISTRY: "ServiceEntry of a waypoint"}


def _of_virtual_service(value: dict[str, Any]) -> Found:
    """`spec.hosts`, and every `spec.tls[].match[].sniHosts`.

    Istio wants every sniHosts entry covered by hosts, so both always hold the same list
    (Istio, VirtualService reference, TLSMatchAttributes).
    """
    spec = value.get("spec")
    if not isinstance(spec, dict):
        return []
    found: Found = []
    if "hosts" not in spec:
        reason = "must be present in a VirtualService; write hosts: [egress-domains.invalid]"
        found.append(BadPlace(("spec", "hosts"), reason))
    found += list_at(spec, "hosts", ("spec",))
    for route, path in mappings(spec, "tls", ("spec",), found):
        if route.get("match") in (None, []):
            reason = "must be present in a TLS route (Istio refuses one without); write sniHosts in it"
            found.append(BadPlace((*path, "match"), reason))
        for match, here in mappings(route, "match", path, found):
            if "sniHosts" not in match:
                reason = "must be present in a TLS match (Istio refuses one without)"
                found.append(BadPlace((*here, "sniHosts"), reason))
            elif route.get("route") == DENYING_ROUTE and isinstance(match["sniHosts"], list):
                found.append(DenialPlace((*here, "sniHosts"), ("spec", "tls")))
                continue
            if "sni_hosts" in match:
                reason = "is unknown to Istio's CRD, and the API server drops it; write sniHosts alone"
                found.append(BadPlace((*here, "sni_hosts"), reason))
            found += list_at(match, "sniHosts", here)
    return found


def _hop(value: dict[str, Any], path: Path) -> str:
    """The hop of the list at `path`: sniHosts are matched by the sidecars unless all is for other gateways."""
    if is_by_http(value):
        return SIDECAR  # Istio routes requests by the hosts themselves
    if path[-1] != "sniHosts":
        return ROUTES
    from ..manifest.fields import texts

    match: Any = value
    for step in path[:-1]:
        match = match[step]
    # Without gateways a match is one of the sidecars (Istio, TLSMatchAttributes.gateways).
    gateways = texts(match, "gateways") or texts(value["spec"], "gateways") or ["mesh"]
    return SIDECAR if "mesh" in gateways else ROUTES


def _of_service_entry(value: dict[str, Any]) -> Found:
    """`spec.hosts`."""
    spec = value.get("spec")
    if not isinstance(spec, dict):
        return []
    form = TEXT
    if spec.get("resolution") == DYNAMIC:
        form = Form(
            lambda name: f"*.{name}" if name == PLACEHOLDER else name,
            lambda entry: str(entry).removeprefix("*.") if entry == f"*.{PLACEHOLDER}" else str(entry),
        )
    # One address or endpoint for many unrelated names would send them all to one place. Istio's CRD drops
    # workload_selector, but what reads protobuf's JSON takes it.
    return [
        *list_at(spec, "hosts", ("spec",), form),
        *_needs_a_part(value, spec),
        *(
            BadPlace(("spec", key), "must be absent: it would send every domain of the list to one place")
            for key in ("addresses", "endpoints", "workloadSelector", "workload_selector")
            if spec.get(key)
        ),
    ]


def _needs_a_part(value: dict[str, Any], spec: dict[str, Any]) -> Iterator[BadPlace]:
    """Istio takes wildcards alone where sidecars resolve the name that is asked for (ServiceEntry, DYNAMIC_DNS)."""
    if spec.get("resolution") == DYNAMIC:
        metadata = value.get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
        part = annotations.get(NAMES_ANNOTATION) if isinstance(annotations, dict) else None
        if part != "wildcards":
            reason = (
                f"is DYNAMIC_DNS, which Istio takes for wildcards alone; write {NAMES_ANNOTATION}: wildcards here, and "
                "add a ServiceEntry with resolution: DNS and exact there"
            )
            yield BadPlace(("spec", "resolution"), reason)


def _registers_as(value: dict[str, Any], _path: Path) -> str:
    """The hop of a ServiceEntry: sidecars that resolve names themselves lead its connections out, without a route."""
    return SIDECAR if leads_out(value) else REGISTRY


def leads_out(value: dict[str, Any]) -> bool:
    """Whether the sidecars resolve the hosts of this ServiceEntry and connect by themselves."""
    spec = value.get("spec")
    resolves = isinstance(spec, dict) and spec.get("resolution") in ("DNS", "DNS_ROUND_ROBIN", DYNAMIC)
    return resolves and not is_of_waypoint(value)


def is_of_waypoint(value: dict[str, Any]) -> bool:
    """Whether a waypoint resolves the hosts of this ServiceEntry and connects (Istio, ambient mode)."""
    metadata = value.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return isinstance(labels, dict) and labels.get("istio.io/use-waypoint") not in (None, "", "none")


def _beside(value: dict[str, Any]) -> Mapping[str, str]:
    return {} if leads_out(value) else BESIDE_WAYPOINT if is_of_waypoint(value) else BESIDE


def _for_namespaces(namespaces: frozenset[str]) -> Edits:
    return {("spec", "exportTo"): sorted(namespaces)}


def _for_sidecars(namespaces: frozenset[str]) -> Edits:
    # The Gateway's own route stands in the first one; a second one would be in its way.
    return {**_for_namespaces(namespaces), ("spec", "gateways"): ["mesh"], ("spec", "tcp"): None}


def _open_paths(resource: Resource) -> Iterator[Path]:
    from .chains import catch_alls

    return (chain.path for chain in catch_alls(resource))


def _routes(
    value: dict[str, Any], places: Sequence[Place], names: list[str]
) -> Iterable[tuple[Path, dict[str, Any]] | BadPlace]:
    from .denying import routes

    return routes(value, places, names)


def _chains(
    value: dict[str, Any], places: Sequence[Place], names: list[str]
) -> Iterable[tuple[Path, dict[str, Any]] | BadPlace]:
    if is_by_http(value):
        from .virtual_hosts import denying

        return denying(places, names)
    from .denying import chains

    return chains(value, places, names)


def _by_port(name: str) -> Callable[[dict[str, Any]], Callable[[int], Edits]]:
    def by_port(value: dict[str, Any]) -> Callable[[int], Edits]:
        from . import at_ports

        edits: Callable[[int], Edits] = getattr(at_ports, name)(value)
        return edits

    return by_port


def _fields_of(kind: str) -> Callable[[], dict[str, Any]]:
    def fields() -> dict[str, Any]:
        from .fields import SPECS

        return SPECS[kind]

    return fields


VIRTUAL_SERVICE = Site(
    GROUP,
    "VirtualService",
    _of_virtual_service,
    hop=_hop,
    holds="spec.hosts",
    beside=BESIDE,
    exported=_for_sidecars,
    keeps_hosts=True,
    acts_by=BY_ROUTES,
    by_port=_by_port("virtual_service"),
    covering=("spec", "hosts"),
    takes_http=True,
    fields=_fields_of("VirtualService"),
    denying=_routes,
)
SERVICE_ENTRY = Site(
    GROUP,
    "ServiceEntry",
    _of_service_entry,
    hop=_registers_as,
    holds="spec.hosts",
    beside=_beside,
    limit=256,  # maxItems of the CRD
    makes_more=True,
    exported=_for_namespaces,
    acts_by=BY_REGISTERING,
    by_port=_by_port("service_entry"),
    takes_http=True,
    fields=_fields_of("ServiceEntry"),
)
ENVOY_FILTER = Site(
    GROUP,
    "EnvoyFilter",
    envoy_filter.find,
    hop=GATEWAY,
    holds="filter_chain_match.server_names",
    beside=BESIDE,
    checks_clients=True,
    open_paths=_open_paths,
    acts_by=BY_PATCHES,
    by_port=_by_port("envoy_filter"),
    takes_http=True,
    fields=_fields_of("EnvoyFilter"),
    denying=_chains,
)
