"""Whether what the gateway's manifests name is there: Gateways, Services, subsets, and the pods of selectors.

Kustomize's namePrefix, nameSuffix and namespace change what an object is called, and not who names it in a field that
Kustomize does not know as a reference. Judged where an EnvoyFilter of a set is at hand; a kind of which nothing is at
hand is not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.fields import mapping, mappings, text, texts
from ...rendered.workloads import binds, deployed, destination_of, is_istio
from .fault import fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from ...istiod.workload import Workload
    from ...manifest.edits import Path
    from ...manifest.resource import Resource
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

_CAUSE = "is namePrefix, nameSuffix or namespace of a kustomization the cause? They do not change who names an object"
_LABELS = "labels or commonLabels with selectors of a kustomization do that: they change some selectors and not others"


def rule(found: Rendered, options: Options) -> Faults:
    """The references of the sets' objects that lead nowhere."""
    members = list({id(one.resource): one.resource for lists in found.lists.values() for one in lists}.values())
    filters = [one for one in members if is_istio(one, "EnvoyFilter")]
    if not filters:
        return
    routes = [one for one in members if is_istio(one, "VirtualService")]
    gateways = [one for one in found.resources if is_istio(one, "Gateway")]
    services = [one for one in found.resources if one.kind == "Service" and one.group == ""]
    pods = list(deployed(found.resources))
    yield from _bound(routes, gateways)
    yield from _destinations(routes, services, [one for one in found.resources if is_istio(one, "DestinationRule")])
    for gateway in gateways:
        if any(binds(route, gateway) for route in routes):
            yield from _selected(gateway, ("spec", "selector"), "", pods)
    for one in filters:
        everywhere = one.namespace == options.root_namespace
        yield from _selected(one, ("spec", "workloadSelector", "labels"), "" if everywhere else one.namespace, pods)
    meant = {
        destination_of(text(target, "host"), route.namespace)[:2] for route in routes for _, target in _targets(route)
    }
    for service in services:
        if (service.name, service.namespace) in meant:
            yield from _selected(service, ("spec", "selector"), service.namespace, pods)


def _bound(routes: Sequence[Resource], gateways: Sequence[Resource]) -> Faults:
    """VirtualServices that name a Gateway that is not there."""
    there = {(one.namespace, one.name) for one in gateways}
    for route in routes if there else ():
        for path, name in _gateway_names(route.value.get("spec")):
            namespace, _, short = name.rpartition("/")
            if name != "mesh" and (route.namespace if namespace in ("", ".") else namespace, short) not in there:
                yield _nowhere(route, path, f"the Gateway {name}", [f"{one.namespace}/{one.name}" for one in gateways])


def _gateway_names(spec: Any) -> Iterator[tuple[Path, str]]:
    for index, name in enumerate(texts(spec, "gateways")):
        yield ("spec", "gateways", index), name
    for kind in ("tls", "tcp", "http"):
        for number, entry in mappings(spec, kind):
            for place, match in mappings(entry, "match"):
                for index, name in enumerate(texts(match, "gateways")):
                    yield ("spec", kind, number, "match", place, "gateways", index), name


def _destinations(routes: Sequence[Resource], services: Sequence[Resource], rules: Sequence[Resource]) -> Faults:
    """VirtualServices that lead to a Service, or a subset of it, that is not there."""
    there = {(one.name, one.namespace) for one in services}
    subsets = {
        (*destination_of(text(one.value.get("spec"), "host"), one.namespace)[:2], text(subset, "name"))
        for one in rules
        for _, subset in mappings(one.value.get("spec"), "subsets")
    }
    for route in routes:
        for path, target in _targets(route):
            meant = destination_of(text(target, "host"), route.namespace)
            subset = text(target, "subset")
            if there and meant.namespace and meant[:2] not in there:
                shown = [f"{name}.{namespace}" for name, namespace in sorted(there)]
                yield _nowhere(route, (*path, "host"), f"the Service {meant.title}", shown)
            elif rules and subset and (*meant[:2], subset) not in subsets:
                shown = [f"{one[2]} of {one[0]}.{one[1]}" for one in sorted(subsets)]
                yield _nowhere(route, (*path, "subset"), f"the subset {subset} of {meant.title}", shown)


def _targets(route: Resource) -> Iterator[tuple[Path, dict[str, Any]]]:
    for number, entry in mappings(route.value.get("spec"), "tls"):
        for index, target in mappings(entry, "route"):
            yield ("spec", "tls", number, "route", index, "destination"), mapping(target, "destination")


def _nowhere(route: Resource, path: Path, what: str, there: Sequence[str]) -> Any:
    message = f"names {what}, which is not among these manifests ({', '.join(there[:3]) or 'none'}): {_CAUSE}"
    return fault("dangling", message, route, path)


def _selected(resource: Resource, path: Path, namespace: str, pods: Sequence[Workload]) -> Faults:
    """Selectors that no pod of `namespace`, "" for any, meets."""
    labels = mapping(resource.value, *map(str, path))
    near = [one for one in pods if namespace in ("", one.namespace)]
    if labels and pods and all(one.selected(labels) is False for one in near):
        shown = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
        where = f" in the namespace {namespace}" if namespace else ""
        some = "; ".join(one.described for one in pods[:3])
        message = f"selects {shown}{where}, which no pod of these manifests has ({some}): {_LABELS if near else _CAUSE}"
        yield fault("dangling", message, resource, path)
