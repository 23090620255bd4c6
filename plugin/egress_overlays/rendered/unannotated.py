"""What takes part where nothing is annotated: whatever looks like an SNI egress gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..istiod.workload import Workload
from ..manifest.fields import mapping, mappings, number, text
from ..sites import GATEWAY, REGISTRY, SIDECAR
from ..sites.chains import patches
from .host_lists import lists_of
from .workloads import ROOT_NAMESPACE, Gateways, binds, destinations, is_istio, selector

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ..manifest.resource import Resource


def members(resources: Sequence[Resource]) -> list[Resource]:
    """The members of the one set that `resources` without annotations make; none where nothing forwards by SNI.

    EnvoyFilters that forward by SNI, and others with server_names at the same gateway. VirtualServices that share a
    name with them or, where none does, are bound to the same gateway; and others that send to where these send.
    ServiceEntries that share a name with any of them or, where none does, could be meant for these names.
    """
    filters = _filters(resources)
    if not filters:
        return []
    services = _services(resources, filters)
    return [*filters, *services, *_entries(resources, filters, services)]


def _filters(resources: Sequence[Resource]) -> list[Resource]:
    with_lists = [one for one in resources if patches(one) and any(entry.hop == GATEWAY for entry in lists_of(one))]
    forwarding = [one for one in with_lists if any(patch.forwards for patch in patches(one))]
    if not forwarding:
        return with_lists
    gateways = Gateways(resources, forwarding, ROOT_NAMESPACE)
    return [one for one in with_lists if one in forwarding or gateways.reached_by(one)]


def _services(resources: Sequence[Resource], filters: Sequence[Resource]) -> list[Resource]:
    matching = [one for one in resources if any(entry.hop == SIDECAR for entry in lists_of(one))]
    names = _names(filters)
    found = [one for one in matching if names & _names([one])]
    if not found:
        gateways = [one for one in resources if is_istio(one, "Gateway") and _is_of(one, filters)]
        found = [one for one in matching if any(binds(one, gateway) for gateway in gateways)]
    targets = {target for one in found for target in destinations(one, from_mesh=True)}
    return [one for one in matching if one in found or targets.intersection(destinations(one, from_mesh=True))]


def _is_of(gateway: Resource, filters: Sequence[Resource]) -> bool:
    """Whether the Gateway's pods may be those that one of `filters` is for."""
    labels = mapping(gateway.value, "spec", "selector")
    return any(Workload("", "", labels, is_whole=False).selected(selector(one)) is not False for one in filters)


def _entries(
    resources: Sequence[Resource], filters: Sequence[Resource], services: Sequence[Resource]
) -> list[Resource]:
    registry = [one for one in resources if any(entry.hop == REGISTRY for entry in lists_of(one))]
    names = _names([*filters, *services])
    return [one for one in registry if names & _names([one])] or _alike(registry, {one.namespace for one in services})


def _alike(registry: Sequence[Resource], namespaces: Collection[str]) -> list[Resource]:
    """Those beside the VirtualServices that sidecars could know the names by: TLS at 443, to no fixed address."""
    return [one for one in registry if one.namespace in namespaces and _passes_tls(one)]


def _passes_tls(entry: Resource) -> bool:
    spec = entry.value.get("spec")
    if (text(spec, "resolution") or "NONE") != "NONE":
        return False
    return any(
        number(port, "number") == 443 and text(port, "protocol") in ("TLS", "HTTPS")
        for _, port in mappings(spec, "ports")
    )


def _names(resources: Sequence[Resource]) -> set[str]:
    return {name for one in resources for entry in lists_of(one) for name in entry.names}
