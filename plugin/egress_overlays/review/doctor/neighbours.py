"""Rules for objects of others beside the gateway's: who selects its pods, and whose routes win over its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.fields import mapping, mappings, number, text, texts
from ...manifest.findings import ERROR, WARNING
from ...names.domain import ascii_quoted
from ...rendered.host_lists import cover
from ...rendered.workloads import Destination, bound_gateways, route_destinations, selector
from ...sites.chains import patches
from ..verification.fault import fault
from .mesh import PORT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...manifest.resource import Resource
    from ..verification.fault import Faults
    from .mesh import Mesh


def rule(mesh: Mesh) -> Faults:
    """The faults of neighbours."""
    if mesh.members:
        yield from _gateways(mesh)
        yield from _filters(mesh)
        yield from _routes(mesh)
        yield from _destination_rules(mesh)
    yield from _tcp_entries(mesh)


def _gateways(mesh: Mesh) -> Faults:
    """Gateways select pods of any namespace (Istio, Gateway.selector)."""
    # A server at a Service's port listens at its targetPort (Istio, pilot/pkg/model/gateway.go).
    services = [one for service in mesh.services for _, one in mappings(service.value.get("spec"), "ports")]
    ports = mesh.ours.ports | {number(one, key) for one in services for key in ("port", "targetPort")}
    for one in mesh.of("Gateway"):
        labels = mapping(one.value, "spec", "selector")
        if one in mesh.ours.gateways or not any(pods.selected(labels) for pods in mesh.ours.workloads):
            continue
        numbers = [number(server.get("port"), "number") for _, server in mappings(one.value.get("spec"), "servers")]
        meets = any(port in ports for port in numbers)
        what = "and becomes part of its mesh listener" if meets else "and opens further ports there"
        message = f"selects the egress gateway's pods too, {what}; select the pods that you mean by their own label"
        yield fault("selection", message, one, ("spec", "selector"), ERROR if meets else WARNING)


def _filters(mesh: Mesh) -> Faults:
    for one in mesh.of("EnvoyFilter"):
        if one in mesh.members:
            continue
        reached = mesh.ours.reached_by(one)
        changes = [patch for patch in patches(one) if patch.is_for_gateways and patch.applies_to]
        near = [patch for patch in changes if patch.is_for_listener(mesh.ours.ports or {PORT})]
        if reached is not None and reached[1] and near:
            means = "" if selector(one) else ", having no workloadSelector"
            message = (
                f"changes the egress gateway's pods too{means} ({near[0].applies_to}); select the pods that you mean"
            )
            yield fault("selection", message, one, near[0].path)


def _routes(mesh: Mesh) -> Faults:
    """Of two VirtualServices for one host sidecars follow the older one; a longer name goes before a wildcard."""
    listed = frozenset(name for entry in mesh.routed for name in entry.names)
    since = {name: _age(entry.resource) for entry in mesh.routed for name in entry.names}
    for one in mesh.of("VirtualService"):
        if one in mesh.members or not _routes_names(one) or _leads_to_ours(one, mesh):
            continue
        for host in dict.fromkeys([*texts(one.value.get("spec"), "hosts"), *_sni_hosts(one)]):
            wildcard = cover(host, listed)
            if host in listed:
                is_younger = _age(one) > since[host] != ""
                which = "it is younger than ours and does not count yet" if is_younger else "it is older than ours"
                message = (
                    f"is for {ascii_quoted(host)}, which is listed, and leads past the gateway: sidecars follow the "
                    f"older VirtualService of a name, and {which}; delete it"
                )
                yield fault("past-gateway", message, one, ("spec", "hosts"), WARNING if is_younger else ERROR)
                break
            if wildcard:
                message = (
                    f"is for {ascii_quoted(host)}, and leads past the gateway: sidecars follow the longer name before "
                    f"{ascii_quoted(wildcard)}, which is listed; delete it"
                )
                yield fault("past-gateway", message, one, ("spec", "hosts"))
                break


def _routes_names(one: Resource) -> bool:
    """Whether it routes what sidecars see as TLS or TCP."""
    spec = mapping(one.value, "spec")
    return "mesh" in bound_gateways(one) and bool(spec.get("tls") or spec.get("tcp"))


def _leads_to_ours(one: Resource, mesh: Mesh) -> bool:
    leads: list[Destination] = []
    for kind in ("tls", "tcp", "http"):
        for _, route in mappings(one.value.get("spec"), kind):
            leads += route_destinations(one, route)
    return bool(leads) and all(any(lead.is_same(ours) for ours in mesh.ours.destinations) for lead in leads)


def _sni_hosts(one: Resource) -> Iterator[str]:
    for _, route in mappings(one.value.get("spec"), "tls"):
        for _, match in mappings(route, "match"):
            yield from texts(match, "sniHosts")


def _age(one: Resource) -> str:
    """RFC 3339 in UTC, as the API server writes it: it sorts as text."""
    return text(one.metadata, "creationTimestamp")


def _destination_rules(mesh: Mesh) -> Faults:
    wanted = {
        text(mapping(target, "destination"), "subset")
        for one in mesh.members
        for _, route in mappings(one.value.get("spec"), "tls")
        for _, target in mappings(route, "route")
    } - {""}
    for one, is_own in mesh.rules:
        subsets = {text(subset, "name") for _, subset in mappings(one.value.get("spec"), "subsets")}
        missing = sorted(wanted - subsets)
        if not is_own and missing:
            message = (
                f"takes the place of the gateway's own for clients of {one.namespace}, and has no subset "
                f"{ascii_quoted(missing[0])}: nothing of theirs goes out; delete it, or add the subset"
            )
            yield fault("destination-rule", message, one, ("spec", "subsets"))


def _tcp_entries(mesh: Mesh) -> Faults:
    """Without addresses it is a listener for every address, that asks for no name (istio issue 26303)."""
    for one in mesh.of("ServiceEntry"):
        spec = one.value.get("spec")
        if texts(spec, "addresses") or (text(spec, "resolution") or "NONE") != "NONE":
            continue
        for index, port in mappings(spec, "ports"):
            if number(port, "number") == 443 and text(port, "protocol").upper() == "TCP":
                message = (
                    "opens TCP on 443 to every address, by any name, also under REGISTRY_ONLY; write protocol: TLS, or "
                    "addresses"
                )
                yield fault("tcp-entry", message, one, ("spec", "ports", index, "protocol"))
