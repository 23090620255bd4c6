"""Rules for further ways past the gateway: routes by port, names by other kinds, sidecars and policies that let out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ...manifest.fields import mapping, mappings, text, texts
from ...manifest.findings import ERROR, WARNING
from ...names.domain import Domain, ascii_quoted
from ...policies.ranges import network
from ...sites import BY_PATCHES, BY_REGISTERING, acts
from .fault import fault
from .unmeshed import past_the_sidecar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...manifest.edits import Path
    from ...manifest.resource import Resource
    from ...rendered.workloads import Gateways
    from .fault import Fault

_LEADING = ("PassthroughCluster", "ORIGINAL_DST", "dynamic_forward_proxy", "set_filter_state", "original_dst")


def ways(resource: Resource, gateways: Gateways, *, is_closed: bool) -> Iterator[Fault]:
    """What `resource`, which takes part in no set, lets out."""
    severity = ERROR if is_closed else WARNING
    is_gateway = (resource.name, resource.namespace) in gateways.services
    if resource.group == "" and resource.kind == "Service" and not is_gateway:  # review/company judges that one
        name = text(mapping(resource.value, "spec"), "externalName")
        if text(mapping(resource.value, "spec"), "type") == "ExternalName" and not name.endswith(".cluster.local"):
            message = f"lets sidecars reach {ascii_quoted(name)} directly, past the gateway and its list"
            yield fault("beside", message, resource, ("spec", "externalName"), severity)
    elif resource.group == "" and resource.kind == "ConfigMap":
        yield from _mesh_config(resource, gateways.root_namespace, is_closed=is_closed)
    elif acts(resource, BY_PATCHES):
        yield from _sidecars_filter(resource, severity)
    yield from past_the_sidecar(resource, severity)


def _mesh_config(resource: Resource, root_namespace: str, *, is_closed: bool) -> Iterator[Fault]:
    mesh = text(mapping(resource.value, "data"), "mesh")
    root = re.search(r"^rootNamespace:\s*[\"']?([\w-]+)", mesh, re.MULTILINE)
    if (resource.name, resource.namespace) == ("istio", root_namespace) and root and root[1] != root_namespace:
        message = f"says rootNamespace {root[1]}, whose objects reach every gateway: verify --root-namespace {root[1]}"
        yield fault("unknown", message, resource, ("data", "mesh"))
    if resource.namespace == root_namespace and "ALLOW_ANY" in mesh and not is_closed:
        message = "says ALLOW_ANY: sidecars reach every name that nobody registered directly; write REGISTRY_ONLY"
        yield fault("beside", message, resource, ("data", "mesh"), WARNING)


def _sidecars_filter(resource: Resource, severity: str) -> Iterator[Fault]:
    """A patch of sidecars that may lead what they send elsewhere; pods with the label `istio` are gateways."""
    spec = mapping(resource.value, "spec")
    is_of_gateways = bool(spec.get("targetRefs")) or "istio" in mapping(spec, "workloadSelector", "labels")
    contexts = ("SIDECAR_OUTBOUND",) if is_of_gateways else ("SIDECAR_OUTBOUND", "ANY", "")
    for index, patch in mappings(spec, "configPatches"):
        context = text(mapping(patch, "match"), "context")
        leads = any(map(_leads, _parts(mapping(patch, "patch", "value")))) and not _notes_address(
            mapping(patch, "patch")
        )
        if context in contexts and leads:
            message = (
                "may lead what sidecars send out past the gateway: it names an address outside, another cluster, or a "
                "cluster of all others"
            )
            yield fault("beside", message, resource, ("spec", "configPatches", index), severity)


def _notes_address(patch: dict[str, Any]) -> bool:
    """Whether a patch has the forwarder that is there note its address, and changes nothing else (base-direct/)."""
    value = mapping(patch, "value")
    noted = {"@type", "save_upstream_address"}
    return (
        text(patch, "operation") == "MERGE"
        and set(value) == {"typed_config"}
        and set(mapping(value, "typed_config")) == noted
    )


def _leads(part: tuple[str, Any]) -> bool:
    """Whether a field of a patch, and what it holds, says where connections go."""
    key, value = part
    if key in ("socket_address", "socketAddress"):
        address = text(value, "address")
        found = network(address)
        return found.is_global if found else not address.endswith((".svc", ".svc.cluster.local", ".local"))
    if key in ("cluster", "weighted_clusters", "weightedClusters", "cluster_header", "clusterHeader"):
        return True
    return isinstance(value, str) and any(word in value for word in _LEADING)


def _parts(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield str(key), value
            yield from _parts(value)
    elif isinstance(node, list):
        for item in node:
            yield from _parts(item)


def widened(resources: Sequence[Resource], gateways: set[str], *, is_closed: bool) -> Iterator[Fault]:
    """NetworkPolicies that let out what another one of their namespace keeps in: they add up."""
    policies = [
        one
        for one in resources
        if (one.kind, one.group) == ("NetworkPolicy", "networking.k8s.io")
        and "Egress" in texts(one.value.get("spec"), "policyTypes")
        and one.namespace not in gateways  # what the gateway's pods reach is weighed by the rule kernel
    ]
    leading = {id(one): out for one in policies if (out := next(_out(one), None))}
    kept = {one.namespace for one in policies if id(one) not in leading}
    for one in policies:
        if id(one) in leading and one.namespace in kept:
            message = "lets pods out that another NetworkPolicy of the namespace keeps in: policies add up"
            yield fault("beside", message, one, leading[id(one)], ERROR if is_closed else WARNING)


def _out(resource: Resource) -> Iterator[Path]:
    """Where a NetworkPolicy lets out of the cluster."""
    for index, rule in mappings(resource.value.get("spec"), "egress"):
        targets = list(mappings(rule, "to"))
        blocks = [network(text(mapping(target, "ipBlock"), "cidr")) for _, target in targets if "ipBlock" in target]
        if not targets or any(block is not None and not block.is_private for block in blocks):
            yield "spec", "egress", index


def routed_by_port(resource: Resource, listed: set[str]) -> Iterator[Fault]:
    """A VirtualService of the mesh that leads listed names elsewhere by their port, whatever name is asked for."""
    spec = resource.value.get("spec")
    hosts = texts(spec, "hosts")
    same = sorted(name for name in listed if any(Domain(host).covers(name) for host in hosts))
    for index, route in mappings(spec, "tcp") if same else ():
        matches = [match for _, match in mappings(route, "match")] or [{}]
        if any(
            match.get("port", 443) == 443
            and "mesh" in (texts(match, "gateways") or texts(spec, "gateways") or ["mesh"])
            for match in matches
        ):
            more = f" and {len(same) - 1} more" if len(same) > 1 else ""
            message = (
                f"sends port 443 of {ascii_quoted(same[0])}{more}, which the gateway's list holds, elsewhere; take the "
                "route out"
            )
            yield fault("bypass", message, resource, ("spec", "tcp", index))


def taking(resource: Resource, gateways: Gateways, entries: set[tuple[str, str, str]]) -> Iterator[Fault]:
    """What takes to itself what sidecars send to the gateway; `entries` are the ServiceEntries of the sets."""
    spec = mapping(resource.value, "spec")
    if acts(resource, BY_REGISTERING):
        for index, host in enumerate(texts(spec, "hosts")):
            if any(Domain(host).covers(one.full) for one in gateways.destinations):
                message = (
                    f"is for {ascii_quoted(host)}, where sidecars send to the gateway: its endpoints may take over"
                )
                yield fault("bypass", message, resource, ("spec", "hosts", index))
                return
    elif resource.group == "gateway.networking.k8s.io":
        labels = mapping(spec, "infrastructure", "labels")
        if labels and any(
            one.namespace == resource.namespace and one.selected(labels) and "istio" in labels
            for one in gateways.workloads
        ):
            message = "makes pods with the egress gateway's labels, and sidecars send to them: give them other labels"
            yield fault("bypass", message, resource, ("spec", "infrastructure", "labels"))
        for index, parent in mappings(spec, "parentRefs"):
            meant = (text(parent, "name"), text(parent, "namespace") or resource.namespace)
            kind = text(parent, "kind")
            if (kind == "Service" and meant in gateways.services) or (kind, *meant) in entries:
                message = f"takes what sidecars send to the {kind} {meant[0]} to where it says: take the parentRef out"
                yield fault("bypass", message, resource, ("spec", "parentRefs", index))
