"""Rules for what leads past the gateway: routes of the mesh for its names, and ports that take every name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...manifest.fields import mapping, mappings, number, text, texts
from ...manifest.findings import ERROR, WARNING
from ...names.domain import Domain, ascii_quoted
from ...policies.ranges import network
from ...rendered.host_lists import lists_of
from ...rendered.workloads import Gateways, governs, is_istio, route_destinations
from ...sites import BY_REGISTERING, BY_ROUTES, ROUTES, SIDECAR, acts
from .around import routed_by_port, taking, ways, widened
from .fault import fault
from .unmeshed import kept_in, without_sidecar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...manifest.edits import Path
    from ...manifest.resource import Resource
    from ...rendered.rendered import Rendered
    from .fault import Fault, Faults, Options

_TLS = ("TLS", "HTTPS")


def rule(found: Rendered, options: Options) -> Faults:
    """The ways around the gateways of the sets in `found`."""
    members = found.members
    if not members:
        return
    listed = _names_at(SIDECAR, found)
    # A name among a VirtualService's hosts makes no way of its own in sidecars: its routes alone do.
    routed = _names_at(ROUTES, found)
    gateways = Gateways(found.resources, members, options.root_namespace)
    known = set(map(id, members))
    is_closed = any(closes(one, options.root_namespace) for one in found.resources)
    namespaces = {one.namespace for one in gateways.workloads}
    entries = {(one.kind, one.name, one.namespace) for one in members if acts(one, BY_REGISTERING)}
    yield from widened(found.resources, namespaces, is_closed=is_closed)
    kept = kept_in(found.resources)
    platform = {*namespaces, options.root_namespace}
    for resource in found.resources:
        if id(resource) in known:
            continue
        if is_closed:
            yield from without_sidecar(resource, kept, platform)
        yield from taking(resource, gateways, entries)
        yield from ways(resource, gateways, is_closed=is_closed)
        if acts(resource, BY_ROUTES):
            yield from _route(resource, gateways, listed)
            yield from routed_by_port(resource, listed)
        elif acts(resource, BY_REGISTERING):
            yield from _entry(resource, routed, is_closed=is_closed)
        elif is_istio(resource, "Sidecar"):
            yield from _sidecar(resource, is_closed=is_closed)
        elif is_istio(resource, "DestinationRule"):
            yield from _destination_rule(resource, gateways)


def _names_at(hop: str, found: Rendered) -> set[str]:
    return {name for entries in found.lists.values() for entry in entries if entry.hop == hop for name in entry.names}


def closes(resource: Resource, root_namespace: str) -> bool:
    """Whether it is the mesh's Sidecar of components/restrict-direct-egress: what is not registered is closed."""
    mode = text(mapping(resource.value, "spec", "outboundTrafficPolicy"), "mode")
    return is_istio(resource, "Sidecar") and resource.namespace == root_namespace and mode == "REGISTRY_ONLY"


def _route(resource: Resource, gateways: Gateways, listed: set[str]) -> Iterator[Fault]:
    """A VirtualService of the mesh for a listed name that leads elsewhere: the older of two routes wins."""
    for entry in lists_of(resource):
        if entry.hop != SIDECAR:
            continue
        route = resource.value["spec"]["tls"][entry.path[2]]
        if any(one.is_same(ours) for one in route_destinations(resource, route) for ours in gateways.destinations):
            continue
        mine = frozenset(entry.names)
        same = sorted(
            {name for name in mine if name in listed or _covered(name, listed)}
            | {name for name in listed if _covered(name, mine)}
        )
        if same:
            more = f" and {len(same) - 1} more" if len(same) > 1 else ""
            message = (
                f"sends {ascii_quoted(same[0])}{more}, which the gateway's list holds, elsewhere; of two routes for a "
                "name the older one wins, so take the name out of one of them"
            )
            yield fault("bypass", message, resource, entry.path)


def _covered(name: str, names: frozenset[str] | set[str]) -> bool:
    dot = Domain(name).find(".", 2 if name[:1] == "*" else 0)
    while dot != -1:
        if "*" + name[dot:] in names:
            return True
        dot = name.find(".", dot + 1)
    return False


def _entry(resource: Resource, routed: set[str], *, is_closed: bool) -> Iterator[Fault]:
    """A ServiceEntry that takes every name at 443, or that opens names to sidecars directly."""
    spec = resource.value.get("spec")
    for index, port in mappings(spec, "ports"):
        path = ("spec", "ports", index)
        protocol = text(port, "protocol").upper()
        if (
            number(port, "number") == 443
            and protocol not in (*_TLS, "HTTP", "HTTP2", "GRPC")
            and not texts(spec, "addresses")
        ):
            message = (
                f"takes every connection to port 443 that no listed name does, as {protocol or 'TCP'} looks at no "
                "name: sidecars pass all of them on directly, REGISTRY_ONLY or not; write protocol TLS, or addresses"
            )
            yield fault("bypass", message, resource, path)
            return
    others = sorted({number(port, "number") for _, port in mappings(spec, "ports")} - {443})
    names = [name for name in texts(spec, "hosts") if name not in routed or others]
    if names and not _stays_inside(mapping(resource.value, "spec")):
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        at = f" at port {others[0]}" if names[0] in routed else ""
        message = (
            f"lets sidecars {_whose(resource)} reach {ascii_quoted(names[0])}{more}{at} directly, past the gateway and "
            f"its list; {'take the port out' if at else 'take it out, and put the name on the list'}"
        )
        found = fault("beside", message, resource, ("spec", "hosts"), ERROR if is_closed else WARNING)
        found[0].value = ", ".join(names)
        yield found


def _whose(resource: Resource) -> str:
    """The namespaces that a ServiceEntry is visible in (exportTo), in words: all, where it does not say."""
    visible = texts(resource.value.get("spec"), "exportTo") or ["*"]
    if "*" in visible:
        return "of every namespace"
    named = sorted({resource.namespace if one == "." else one for one in visible} - {"~"})
    return f"of {', '.join(map(ascii_quoted, named))} alone" if named else "of no namespace"


def _stays_inside(spec: dict[str, Any]) -> bool:
    """Whether a ServiceEntry leads to workloads of the mesh: MESH_INTERNAL alone does not say where connections go.

    Without endpoints, or with resolution NONE, a connection goes to whatever address it was made to, or to what DNS
    says of the host (Istio, ServiceEntry.Location and ServiceEntry.Resolution).
    """
    addresses = [text(one, "address") for _, one in mappings(spec, "endpoints")]
    if addresses and all(map(_is_inside, addresses)) and text(spec, "resolution") not in ("", "NONE"):
        return True
    if text(spec, "location") != "MESH_INTERNAL":
        return False
    return bool(spec.get("workloadSelector")) or bool(addresses and all(map(_is_inside, addresses)))


def _is_inside(address: str) -> bool:
    found = network(address)
    return not found.is_global if found else address.endswith(".svc.cluster.local") or address.startswith("unix://")


def _sidecar(resource: Resource, *, is_closed: bool) -> Iterator[Fault]:
    path = ("spec", "outboundTrafficPolicy", "mode")
    mode = text(mapping(resource.value, "spec", "outboundTrafficPolicy"), "mode")
    if is_closed and mode != "REGISTRY_ONLY":
        says = f"says {mode}" if mode else "says nothing of outboundTrafficPolicy"
        message = f"{says}, in place of the mesh's own Sidecar: its pods reach every name directly; write REGISTRY_ONLY"
        yield fault("beside", message, resource, path)
    elif mapping(resource.value, "spec", "outboundTrafficPolicy").get("egressProxy"):
        message = "has an egressProxy, which gets all that its pods send to names that nobody registered; take it out"
        yield fault("beside", message, resource, (*path[:2], "egressProxy"), ERROR if is_closed else WARNING)
    elif mode == "ALLOW_ANY":
        message = "says ALLOW_ANY: its pods reach every name that nobody registered directly; write REGISTRY_ONLY"
        yield fault("beside", message, resource, path, WARNING)


def _destination_rule(resource: Resource, gateways: Gateways) -> Iterator[Fault]:
    """A DestinationRule of the gateway's Service by which sidecars would not use Istio's mutual TLS."""
    spec = resource.value.get("spec")
    if not any(governs(resource, one, gateways.root_namespace) for one in gateways.destinations):
        return
    policies: list[tuple[Path, dict[str, Any]]] = [(("spec", "trafficPolicy"), mapping(spec, "trafficPolicy"))]
    policies += [
        (("spec", "subsets", index, "trafficPolicy"), mapping(subset, "trafficPolicy"))
        for index, subset in mappings(spec, "subsets")
        if "trafficPolicy" in subset
    ]
    for path, policy in policies:
        mode = text(mapping(policy, "tls"), "mode")
        if mode != "ISTIO_MUTUAL" and (mode or path == ("spec", "trafficPolicy")):
            message = f"has sidecars speak TLS mode {mode or 'none'} to the gateway, not ISTIO_MUTUAL"
            yield fault("beside", message, resource, (*path, "tls", "mode"), WARNING if not mode else ERROR)
