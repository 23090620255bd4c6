"""Objects without a list that act where lists go out otherwise than by base/, and may let out more than these say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.fields import mapping, mappings, text
from ...sites import BY_PATCHES, BY_REGISTERING, acts, site_of
from ...sites.istio import is_of_waypoint
from .addresses import checks_addresses, patches_addresses
from .fault import fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...manifest.resource import Resource
    from ...rendered.host_lists import HostList
    from ...rendered.rendered import Rendered
    from .fault import Fault, Faults, Options

_API, _ENVOY_GATEWAY = "gateway.networking.k8s.io", "gateway.envoyproxy.io"
_BY_HTTP = ("HTTP_FILTER", "HTTP_ROUTE", "VIRTUAL_HOST", "ROUTE_CONFIGURATION")
_TAKES_AWAY = ("DENY", "AUDIT", "CUSTOM")
_ADVICE = "take it out, or accept it with a reason (verify --accepted)"


def rule(found: Rendered, options: Options) -> Faults:
    """What stands beside lists that go out by sidecars, by a waypoint or by Envoy Gateway, and is not known there."""
    filled = {id(one.resource) for lists in found.lists.values() for one in lists}
    others = [one for one in found.resources if id(one) not in filled]
    told = set()
    for lists in found.lists.values():
        for finding, path in _beside(lists, others, options.root_namespace):
            if (key := (finding.rule, id(finding.resource))) not in told:
                told.add(key)
                yield finding, path


def _beside(lists: Sequence[HostList], others: Sequence[Resource], root: str) -> Iterator[Fault]:
    if any(one.is_direct for one in lists):
        for one in others:
            known = checks_addresses(one, root, "SIDECAR_OUTBOUND", {"portNumber": 443})
            if not known and _patches(one, "SIDECAR_OUTBOUND"):
                message = f"changes what sidecars let out, where they check the names and addresses alone; {_ADVICE}"
                yield fault("direct", message, one, ("spec", "configPatches"))
    bound = [one.resource for one in lists if acts(one.resource, BY_REGISTERING) and is_of_waypoint(one.resource.value)]
    for namespace in sorted({one.namespace for one in bound}):
        yield from _at_waypoint([one for one in others if one.namespace in (namespace, root)], namespace)
    for route in (one.resource for one in lists if is_forwarded(one.resource)):
        yield from _at_envoy_gateway(route, others)


def _patches(resource: Resource, context: str) -> bool:
    """Whether an EnvoyFilter patches what TLS passes in proxies of Istio's `context`."""
    return acts(resource, BY_PATCHES) and any(
        (text(mapping(one, "match"), "context") or "ANY") in ("ANY", context) and text(one, "applyTo") not in _BY_HTTP
        for _, one in mappings(mapping(resource.value, "spec"), "configPatches")
    )


def _at_waypoint(others: Sequence[Resource], namespace: str) -> Iterator[Fault]:
    for one in others:
        targets = [text(target, "name") for _, target in mappings(mapping(one.value, "spec"), "targetRefs")]
        if _patches(one, "SIDECAR_INBOUND"):
            if not any(is_filter_of(one, target, namespace) for target in targets):
                yield fault("waypoint", f"changes what a waypoint lets out; {_ADVICE}", one, ("spec", "configPatches"))
        elif _allows(one):
            message = f"lets through beside the list: what policies allow adds up (Istio); {_ADVICE}"
            yield fault("waypoint", message, one, ("spec",))


def _allows(resource: Resource) -> bool:
    """Whether an AuthorizationPolicy lets through at a waypoint: those without a target are ztunnel's (Istio)."""
    spec, site = mapping(resource.value, "spec"), site_of(resource)
    asks = site is not None and site.admitted is not None
    return asks and text(spec, "action") not in _TAKES_AWAY and bool({"targetRefs", "targetRef"} & set(spec))


def is_filter_of(resource: Resource, waypoint: str, namespace: str) -> bool:
    """Whether it is the EnvoyFilter of base-ambient/ for that waypoint."""
    spec = mapping(resource.value, "spec")
    target = {"group": _API, "kind": "Gateway", "name": waypoint}
    return (
        set(spec) == {"targetRefs", "configPatches"}
        and spec["targetRefs"] == [target]
        and checks_addresses(resource, namespace, "SIDECAR_INBOUND", {"name": "main_internal"})
    )


def is_forwarded(resource: Resource) -> bool:
    """Whether a route leads to a Backend of Envoy Gateway."""
    rules = mappings(mapping(resource.value, "spec"), "rules")
    return any(text(one, "group") == _ENVOY_GATEWAY for _, held in rules for _, one in mappings(held, "backendRefs"))


def _at_envoy_gateway(route: Resource, others: Sequence[Resource]) -> Iterator[Fault]:
    parents = [one for _, one in mappings(mapping(route.value, "spec"), "parentRefs")]
    for one in others:
        spec = mapping(one.value, "spec")
        if one.group not in (_API, _ENVOY_GATEWAY) or one.namespace not in (route.namespace, ""):
            continue
        known = {
            "GatewayClass": set(spec) == {"controllerName"},
            "Gateway": _is_closed(spec),
            "Backend": spec == {"type": "DynamicResolver"},
        }.get(one.kind, False)
        if not known and not any(
            patches_addresses(one, text(parent, "name"), text(parent, "sectionName")) for parent in parents
        ):
            message = f"stands where Envoy Gateway takes the list, and may let out more there; {_ADVICE}"
            yield fault("forwarded", message, one, ("kind",))


def _is_closed(spec: dict[str, object]) -> bool:
    """Whether a Gateway has listeners for TLS alone, and takes the routes of its own namespace."""
    taken = [
        {key: value for key, value in one.items() if key not in ("name", "port")}
        for _, one in mappings(spec, "listeners")
    ]
    closed = {
        "protocol": "TLS",
        "tls": {"mode": "Passthrough"},
        "allowedRoutes": {"namespaces": {"from": "Same"}},
    }
    return set(spec) == {"gatewayClassName", "listeners"} and all(one == closed for one in taken)


__all__ = ["is_filter_of", "is_forwarded", "rule"]
