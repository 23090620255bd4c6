"""Whether what the gateway's manifests name is there: Gateways, Services, subsets, and the pods of selectors.

Kustomize's namePrefix, nameSuffix and namespace change what an object is called, and not who names it in a field that
Kustomize does not know as a reference. Judged where an EnvoyFilter of a set is at hand; a kind of which nothing is at
hand is not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.fields import mapping, mappings, text, texts
from ...rendered.workloads import binds, deployed, destination_of, governs, is_istio
from ...sites import BY_PATCHES, BY_ROUTES, acts
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
    yield from _policies(found)
    filters = [one for one in found.members if acts(one, BY_PATCHES)]
    if not filters:
        return
    routes = [one for one in found.members if acts(one, BY_ROUTES)]
    gateways = [one for one in found.resources if is_istio(one, "Gateway")]
    services = [one for one in found.resources if one.kind == "Service" and one.group == ""]
    pods = list(deployed(found.resources))
    yield from _bound(routes, gateways)
    yield from _services(routes, services)
    yield from _subsets(routes, [one for one in found.resources if is_istio(one, "DestinationRule")], options)
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


def _policies(found: Rendered) -> Faults:
    """Bindings of admission policies that bind none: nothing is refused then, and nobody says so."""
    guards = [one for one in found.resources if one.group == "admissionregistration.k8s.io"]
    there = [one.name for one in guards if one.kind == "ValidatingAdmissionPolicy"]
    for one in guards:
        name = text(one.value.get("spec"), "policyName")
        if one.kind == "ValidatingAdmissionPolicyBinding" and name not in there:
            yield _nowhere(one, ("spec", "policyName"), f"the ValidatingAdmissionPolicy {name}", there)


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


def _services(routes: Sequence[Resource], services: Sequence[Resource]) -> Faults:
    """VirtualServices that lead to a Service that is not there."""
    there = {(one.name, one.namespace) for one in services}
    for route in routes if there else ():
        for path, target in _targets(route):
            meant = destination_of(text(target, "host"), route.namespace)
            if meant.namespace and meant[:2] not in there:
                shown = [f"{name}.{namespace}" for name, namespace in sorted(there)]
                yield _nowhere(route, (*path, "host"), f"the Service {meant.title}", shown)


def _subsets(routes: Sequence[Resource], rules: Sequence[Resource], options: Options) -> Faults:
    """VirtualServices that lead to a subset that is not there, or not in the rule that some sidecars take first."""
    for route in routes if rules else ():
        for path, target in _targets(route):
            subset = text(target, "subset")
            meant = destination_of(text(target, "host"), route.namespace)
            taken = [one for one in rules if governs(one, meant, options.root_namespace)] if subset else []
            with_it = {one.namespace for one in taken if subset in _subset_names(one)}
            if subset and not with_it:
                shown = [f"{name} of {text(one.value['spec'], 'host')}" for one in rules for name in _subset_names(one)]
                yield _nowhere(route, (*path, "subset"), f"the subset {subset} of {meant.title}", sorted(shown))
            for one in taken if with_it else ():
                if one.namespace not in with_it:  # several of one namespace are merged
                    message = (
                        f"has no subset {subset}, which the VirtualService {route.name} leads to: where sidecars take "
                        f"this rule for {meant.title}, as those of the namespace {one.namespace} do, no listed name is "
                        "reached; remove it, or give it the subset"
                    )
                    yield fault("dangling", message, one, ("spec", "subsets"))


def _subset_names(rule: Resource) -> list[str]:
    return [text(one, "name") for _, one in mappings(rule.value.get("spec"), "subsets")]


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
