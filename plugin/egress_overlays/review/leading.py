"""Where the sets' own objects lead what sidecars send: to the gateway's Service, and nowhere else.

The sidecars' side of base/, closed: routes, ports, exports and the rule by which sidecars connect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..manifest.fields import mapping, mappings, number, text, texts
from ..names.domain import Domain, ascii_quoted
from ..rendered.workloads import bound_gateways, destination_of, governs, is_istio
from ..sites import BY_REGISTERING, BY_ROUTES, acts
from ..sites.site import DENYING_ROUTE
from .found import ADVICE, Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from ..istiod.workload import Workload
    from ..manifest.edits import Path
    from ..manifest.resource import Resource
    from ..rendered.workloads import Destination, Gateways

_FREE_POLICY = {
    "connectionPool": "how many connections, and how long",
    "outlierDetection": "which of the gateway's pods are left out for a time",
    "warmup": "how fast a new pod gets its share",
}
"""Fields of a trafficPolicy that may have any value, and why (Istio, TrafficPolicy)."""
_JUDGED = {"tls", "loadBalancer", "portLevelSettings", "port"}
_MUTUAL = {"mode", "sni"}
"""Fields of tls by which Istio's own certificates are used, and what a client says that it asks for."""
_BALANCING = {"simple", "localityLbSetting", "warmup", "warmupDurationSecs", "consistentHash"}


def leading(resources: Sequence[Resource], members: Sequence[Resource], gateways: Gateways) -> Iterator[Found]:
    """What of the sets' objects, `members`, and of the rules for the gateway's Service leads elsewhere."""
    routes = [one for one in members if acts(one, BY_ROUTES)]
    entries = [one for one in members if acts(one, BY_REGISTERING)]
    for route in routes:
        yield from _routes(route, resources, gateways)
        yield from _exported(route, entries)
    for entry in entries:
        yield from _ports(entry, routes)
    for one in resources:
        yield from _registered(one)
        if is_istio(one, "DestinationRule") and any(
            governs(one, to, gateways.root_namespace) for to in gateways.destinations
        ):
            yield from _connecting(one)


def _registered(resource: Resource) -> Iterator[Found]:
    """What makes the host known where denied names are sent to: they are led to nowhere, as long as nobody has it."""
    for index, host in enumerate(texts(resource.value.get("spec"), "hosts") if acts(resource, BY_REGISTERING) else ()):
        if any(Domain(host).covers(one["destination"]["host"]) for one in DENYING_ROUTE):
            words = f"is for {ascii_quoted(host)}, where sidecars send what a list denies: its endpoints would get that"
            yield Found(resource, ("spec", "hosts", index), words, opens=True)


def _routes(service: Resource, resources: Sequence[Resource], gateways: Gateways) -> Iterator[Found]:
    """Routes of sidecars that do not lead to the gateway's pods."""
    spec = service.value.get("spec")
    for index, route in mappings(spec, "tls"):
        if route.get("route") == DENYING_ROUTE:
            continue
        matches = [match for _, match in mappings(route, "match")] or [{}]
        if any("mesh" in bound_gateways(service, match) for match in matches):
            for at, target in mappings(route, "route"):
                named = mapping(target, "destination")
                meant = destination_of(text(named, "host"), service.namespace, number(named.get("port"), "number"))
                if not _is_gateways(meant, resources, gateways.workloads):
                    words = f"leads what sidecars send for listed names to {meant.title}, not to the egress gateway"
                    yield Found(service, ("spec", "tls", index, "route", at, "destination"), words, opens=True)
    for kind in ("tcp", "http"):
        for index, route in mappings(spec, kind):
            matches = [match for _, match in mappings(route, "match")] or [{}]
            is_of_mesh = any("mesh" in bound_gateways(service, match) for match in matches)
            if not is_of_mesh and len(list(mappings(route, "route"))) > 1:
                words = f"splits what arrives at a gateway, base/ does not; {ADVICE}"
                yield Found(service, ("spec", kind, index, "route"), words)
            if is_of_mesh and not _is_led(service, route, resources, gateways):
                words = f"leads what sidecars send elsewhere by a route of {kind}, base/ has none for them"
                yield Found(service, ("spec", kind, index), words, opens=True)


def _is_led(service: Resource, route: dict[str, Any], resources: Sequence[Resource], gateways: Gateways) -> bool:
    """Whether all that a route does is to lead to the gateway."""
    targets = [mapping(target, "destination") for _, target in mappings(route, "route")]
    hosts = [text(one, "host") for one in targets]
    is_ours = bool(hosts) and all(
        _is_gateways(destination_of(host, service.namespace), resources, gateways.workloads) for host in hosts
    )
    return is_ours and not route.keys() & {"mirror", "mirrors", "redirect", "directResponse", "delegate"}


def _is_gateways(meant: Destination, resources: Sequence[Resource], workloads: Sequence[Workload]) -> bool:
    """Whether a route leads to pods of a gateway; where the Service is not at hand, to its namespace."""
    near = [one for one in workloads if one.name] or list(workloads)
    near = [one for one in near if meant.namespace and one.namespace in ("", meant.namespace)]
    for one in resources:
        if (one.kind, one.group, one.name, one.namespace) == ("Service", "", meant.name, meant.namespace):
            chosen = mapping(one.value, "spec", "selector")
            return any(pods.selected(chosen) is not False for pods in near)
    return bool(near)


def _exported(route: Resource, entries: Sequence[Resource]) -> Iterator[Found]:
    """A route that fewer namespaces see than the names that it is for: the others reach them directly."""
    seen = _export(route)
    if "*" in seen:
        return
    hosts = set(texts(route.value.get("spec"), "hosts"))
    for entry in entries:
        if hosts & set(texts(entry.value.get("spec"), "hosts")) and not _export(entry) <= seen:
            words = (
                f"is for the sidecars of {', '.join(sorted(seen))} alone, and its names are known to more: these reach "
                f"them directly, past the gateway; write the exportTo of {entry.title}"
            )
            yield Found(route, ("spec", "exportTo"), words, opens=True)
            return


def _export(resource: Resource) -> set[str]:
    found = texts(resource.value.get("spec"), "exportTo") or ["*"]
    return {resource.namespace if one == "." else one for one in found}


def _ports(entry: Resource, routes: Sequence[Resource]) -> Iterator[Found]:
    """Ports of a set's ServiceEntry that no route to the gateway is for: sidecars send these on directly."""
    led: set[int] = set()
    for route in routes:
        for kind in ("tls", "http"):
            for _, one in mappings(route.value.get("spec"), kind):
                led |= {number(match, "port") or 0 for _, match in mappings(one, "match")} or {0}
    for index, port in mappings(entry.value.get("spec"), "ports"):
        at, path = number(port, "number"), ("spec", "ports", index)
        if routes and not led & {0, at}:
            words = f"opens port {at} of the listed names to sidecars directly: no route to the gateway is for it"
            yield Found(entry, path, words, opens=True)
        if text(port, "protocol").upper() in ("TCP", "MONGO", "MYSQL", "REDIS"):
            words = f"takes every connection to port {at}, whatever name it is for: write protocol TLS"
            yield Found(entry, (*path, "protocol"), words, opens=True)
        if port.get("targetPort") not in (None, at):
            words = f"leads port {at} of the listed names to another one; {ADVICE}"
            yield Found(entry, (*path, "targetPort"), words)


def _connecting(rule: Resource) -> Iterator[Found]:
    """How a DestinationRule of the gateway's Service has sidecars connect, where that is another way than base/'s.

    The mode of TLS is judged by the rule `beside`, for it may be of others.
    """
    spec = rule.value.get("spec")
    policies: list[tuple[Path, dict[str, Any]]] = [(("spec", "trafficPolicy"), mapping(spec, "trafficPolicy"))]
    for index, subset in mappings(spec, "subsets"):
        policies.append((("spec", "subsets", index, "trafficPolicy"), mapping(subset, "trafficPolicy")))
        if mapping(subset, "labels"):
            words = f"leads to some pods of the gateway alone, by labels of the subset; {ADVICE}"
            yield Found(rule, ("spec", "subsets", index, "labels"), words)
    for at, policy in list(policies):
        for index, port in mappings(policy, "portLevelSettings"):
            policies.append(((*at, "portLevelSettings", index), port))
    seen = _export(rule)
    if "*" not in seen:
        words = f"is for the sidecars of {', '.join(sorted(seen))} alone: those of others connect in another way"
        yield Found(rule, ("spec", "exportTo"), f"{words}; {ADVICE}")
    for path, policy in policies:
        yield from _certificates(rule, (*path, "tls"), mapping(policy, "tls"), is_port="portLevelSettings" in path)
        yield from _balancing(rule, (*path, "loadBalancer"), mapping(policy, "loadBalancer"))
        for field, value in policy.items():
            if field not in _JUDGED and field not in _FREE_POLICY and value:
                words = f"has {ascii_quoted(str(field))} between sidecars and the gateway, base/ has not"
                yield Found(rule, (*path, field), words, opens=True)


def _balancing(rule: Resource, path: Path, balancer: dict[str, Any]) -> Iterator[Found]:
    others = sorted(set(balancer) - _BALANCING)
    if text(balancer, "simple") == "PASSTHROUGH" or others:
        how = f"balances by {', '.join(others)}" if others else "passes connections on as they came"
        yield Found(rule, path, f"{how} between sidecars and the gateway, base/ does not", opens=True)


def _certificates(rule: Resource, path: Path, tls: dict[str, Any], *, is_port: bool) -> Iterator[Found]:
    if is_port and text(tls, "mode") != "ISTIO_MUTUAL":
        words = f"has sidecars speak TLS mode {text(tls, 'mode') or 'none'} to the gateway, not ISTIO_MUTUAL"
        yield Found(rule, (*path, "mode"), words, opens=True)
    for field in sorted(set(tls) - _MUTUAL):
        words = f"has {ascii_quoted(str(field))} in the TLS between sidecars and the gateway, base/ has not; {ADVICE}"
        yield Found(rule, (*path, field), words)
