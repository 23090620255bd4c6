"""Rules for the gateway around the lists: what the EnvoyFilter reaches, who may connect, what stands twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...istiod.workload import Workload
from ...manifest.fields import mapping, mappings, text
from ...manifest.findings import ERROR, WARNING
from ...rendered.host_lists import members
from ...rendered.workloads import binds, is_istio, selector
from ...sites import BY_PATCHES, BY_ROUTES, acts
from ...sites.chains import patches
from .fault import fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...manifest.resource import Resource
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

_LARGE = 128 * 1024


def rule(found: Rendered, options: Options) -> Faults:
    """The faults of whole objects."""
    yield from _twice(found)
    for resource in found.members:
        if acts(resource, BY_PATCHES):
            yield from _reach(resource, options.root_namespace)
    for name, lists in found.lists.items():
        yield from _around(members({name: lists}), found)
    for resource in found.members:
        names = sum(
            len(name) + 3
            for lists in found.lists.values()
            for entry in lists
            if entry.resource is resource
            for name in entry.names
        )
        if names > _LARGE:
            from ...injection.sizes import size_faults

            for finding in size_faults(resource, resource.value):
                yield finding, ()


def _twice(found: Rendered) -> Faults:
    seen = set()
    for resource in found.resources:
        key = (resource.group, resource.kind, resource.namespace, resource.name)
        if key in seen and resource.name:
            yield fault("duplicate-object", "stands twice, and the later one would replace the other", resource)
        seen.add(key)


def _reach(resource: Resource, root_namespace: str) -> Faults:
    """A patch of context GATEWAY reaches every gateway that the EnvoyFilter's namespace and selector let it reach."""
    spec = resource.value.get("spec")
    labels = selector(resource)
    is_root = resource.namespace == root_namespace
    if not (labels or mapping(spec).get("targetRefs")):
        everything = "every gateway of the mesh" if is_root else f"every gateway of the namespace {resource.namespace}"
        message = f"has no workloadSelector, so that it reaches {everything}; select the egress gateway's own labels"
        yield fault("reach", message, resource, ("spec",), ERROR if is_root else WARNING)
    elif is_root:
        message = (
            f"stands in the root namespace, so that it reaches {_pods(labels).described} in every namespace; "
            "write it in the gateway's own"
        )
        yield fault("reach", message, resource, ("metadata", "namespace"), WARNING)
    for patch in patches(resource):
        if patch.applies_to == "NETWORK_FILTER" and not patch.names_listener:
            message = (
                "changes the filter in every listener that the proxy has; name one: match.listener.portNumber: 8443"
            )
            yield fault("reach", message, resource, (*patch.path, "match"), WARNING)


def _around(members: Sequence[Resource], found: Rendered) -> Faults:
    """The Gateways that the VirtualServices of a set are bound to."""
    services = [one for one in members if acts(one, BY_ROUTES)]
    gateways = [
        one for one in found.resources if is_istio(one, "Gateway") and any(binds(service, one) for service in services)
    ]
    for gateway in gateways:
        yield from _mutual(gateway)
    yield from _same_pods(gateways, [one for one in members if acts(one, BY_PATCHES)])


def _mutual(gateway: Resource) -> Faults:
    """It must ask for a certificate of the mesh."""
    for index, server in mappings(gateway.value.get("spec"), "servers"):
        mode = text(server.get("tls"), "mode")
        if mode not in ("ISTIO_MUTUAL", "MUTUAL"):
            what = f"the listener's TLS mode is {mode or 'none'}"
            message = f"{what}, so that any client may use it; write ISTIO_MUTUAL"
            yield fault("mesh-certificate", message, gateway, ("spec", "servers", index, "tls", "mode"))


def _same_pods(gateways: Sequence[Resource], filters: Sequence[Resource]) -> Faults:
    """Gateways and EnvoyFilters must be for the same pods, which else check no name, or listen for nothing."""
    pods = {id(one): _pods(mapping(one.value, "spec", "selector")) for one in gateways}
    served = {
        id(gateway) for gateway in gateways for one in filters if pods[id(gateway)].selected(selector(one)) is not False
    }
    for one in filters if gateways else ():
        if all(pods[id(gateway)].selected(selector(one)) is False for gateway in gateways):
            message = (
                f"selects {_pods(selector(one)).described}, but the Gateway {gateways[0].name} "
                f"{pods[id(gateways[0])].described}, whose pods then check no name; select the same"
            )
            yield fault("reach", message, one, ("spec", "workloadSelector"))
    for gateway in gateways if served else ():
        if id(gateway) not in served:
            message = (
                f"no EnvoyFilter of the set selects its pods, {pods[id(gateway)].described}, which then check no name"
            )
            yield fault("reach", message, gateway, ("spec", "selector"))


def _pods(labels: dict[str, Any]) -> Workload:
    """The pods that a selector of `labels` is for, with whatever else they carry."""
    return Workload("", "", labels, is_whole=False)
