"""Istio's kinds of an SNI egress gateway: a name must stand in the registry, at the sidecars and at the gateway."""

from __future__ import annotations

from . import envoy_filter, service_entry, virtual_service
from .site import GATEWAY, REGISTRY, SIDECAR, Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..manifest.edits import Edits, Path
    from ..manifest.resource import Resource

GROUP = "networking.istio.io"

BESIDE = {
    SIDECAR: "VirtualService with sniHosts for the mesh",
    GATEWAY: "EnvoyFilter with server_names",
    REGISTRY: "ServiceEntry",
}


def _for_namespaces(namespaces: frozenset[str]) -> Edits:
    return {("spec", "exportTo"): sorted(namespaces)}


def _for_sidecars(namespaces: frozenset[str]) -> Edits:
    # The Gateway's own route stands in the first one; a second one would be in its way.
    return {**_for_namespaces(namespaces), ("spec", "gateways"): ["mesh"], ("spec", "tcp"): None}


def _open_paths(resource: Resource) -> Iterator[Path]:
    from .chains import catch_alls

    return (chain.path for chain in catch_alls(resource))


VIRTUAL_SERVICE = Site(
    GROUP,
    "VirtualService",
    virtual_service.find,
    hop=virtual_service.hop,
    holds="spec.hosts",
    beside=BESIDE,
    exported=_for_sidecars,
    keeps_hosts=True,
)
SERVICE_ENTRY = Site(
    GROUP,
    "ServiceEntry",
    service_entry.find,
    hop=REGISTRY,
    holds="spec.hosts",
    beside=BESIDE,
    limit=256,  # maxItems of the CRD
    makes_more=True,
    exported=_for_namespaces,
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
)
