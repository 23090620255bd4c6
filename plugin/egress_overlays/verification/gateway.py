"""Rules for the gateway around the lists: what the EnvoyFilter reaches, who may connect, what stands twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..findings import WARNING
from .fault import fault

if TYPE_CHECKING:
    from ..rendered import Rendered
    from ..resource import Resource
    from .fault import Faults, Options

_LARGE = 128 * 1024


def rule(found: Rendered, options: Options) -> Faults:
    """The faults of whole objects."""
    yield from _twice(found)
    taking_part = {id(entry.resource): entry.resource for lists in found.lists.values() for entry in lists}
    for resource in taking_part.values():
        if resource.kind == "EnvoyFilter":
            yield from _reach(resource, options.root_namespace)
        if resource.kind == "VirtualService":
            yield from _mutual(resource, found)
    for resource in taking_part.values():
        names = sum(
            len(name) + 3
            for lists in found.lists.values()
            for entry in lists
            if entry.resource is resource
            for name in entry.names
        )
        if names > _LARGE:
            from ..rarely import about_size

            for finding in about_size(resource, resource.value):
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
    spec = resource.value.get("spec") or {}
    selector = spec.get("workloadSelector") or {}
    if not (selector.get("labels") or spec.get("targetRefs")):
        root = resource.namespace == root_namespace
        everything = "every gateway of the mesh" if root else f"every gateway of the namespace {resource.namespace}"
        message = f"has no workloadSelector, so that it reaches {everything}; select the egress gateway's own labels"
        yield fault("reach", message, resource, ("spec",), "error" if root else WARNING)
    for index, patch in enumerate(spec.get("configPatches") or ()):
        if not isinstance(patch, dict) or patch.get("applyTo") != "NETWORK_FILTER":
            continue
        match = patch.get("match") or {}
        listener = match.get("listener") or {}
        if not (listener.get("portNumber") or listener.get("name")) and not _is_own(patch):
            message = (
                "changes the filter in every listener that the proxy has; name one: match.listener.portNumber: 8443"
            )
            yield fault("reach", message, resource, ("spec", "configPatches", index, "match"), WARNING)


def _is_own(patch: dict[str, Any]) -> bool:
    """Whether the patch is bound to the forwarder's own listener by its name."""
    return "sni_listener" in str(patch.get("match"))


def _mutual(resource: Resource, found: Rendered) -> Faults:
    """The Gateways that the VirtualService is bound to must ask for a certificate of the mesh."""
    for name in (resource.value.get("spec") or {}).get("gateways") or ():
        namespace, _, short = str(name).rpartition("/")
        for gateway in found.resources:
            if (
                gateway.kind == "Gateway"
                and gateway.name == short
                and gateway.namespace == (namespace or resource.namespace)
            ):
                for index, server in enumerate((gateway.value.get("spec") or {}).get("servers") or ()):
                    mode = (server.get("tls") or {}).get("mode")
                    if mode not in ("ISTIO_MUTUAL", "MUTUAL"):
                        what = f"the listener's TLS mode is {mode or 'none'}"
                        message = f"{what}, so that any client may use it; write ISTIO_MUTUAL"
                        yield fault("mesh-certificate", message, gateway, ("spec", "servers", index, "tls", "mode"))
