"""The EnvoyFilters that reach a gateway, in the order in which istiod applies them (pilot/pkg/model/push_context.go).

What the probe does not know as istiod does it names here, before anything is applied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..manifest.fields import mapping, mappings, number, text
from .errors import NotModelled
from .gateway import Resource, namespace, of_kind, title
from .protojson import snake
from .provenance import Source
from .workload import Workload

Message = dict[str, Any]
_CONTEXTS = ("GATEWAY", "ANY", "")
_SUPPORTED = {
    "CLUSTER": ("ADD", "MERGE", "REMOVE"),
    "LISTENER": ("ADD", "MERGE", "REMOVE"),
    "FILTER_CHAIN": ("ADD", "MERGE", "REMOVE"),
    "NETWORK_FILTER": ("ADD", "MERGE", "REMOVE", "REPLACE", "INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST"),
    "LISTENER_FILTER": ("ADD", "REMOVE", "REPLACE", "INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST"),
}
# Of HTTP connections, which a gateway with nothing but TLS servers has none of: these change nothing.
_HTTP = ("HTTP_FILTER", "ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE")
# The fields of a match that the probe compares, or that istiod ignores too (portName, subFilter here).
_FIELDS = {
    "match": {"context", "listener", "cluster"},
    "match.cluster": {"name", "service", "subset", "portNumber"},
    "match.listener": {"name", "portNumber", "portName", "listenerFilter", "filterChain"},
    "match.listener.filterChain": {
        *("name", "sni", "transportProtocol", "applicationProtocols", "destinationPort", "filter"),
    },
    "match.listener.filterChain.filter": {"name", "subFilter"},
}


class Patch(NamedTuple):
    """One entry of the configPatches of the EnvoyFilter `resource`, its value in snake case.

    `owner`: the title of that; `rank`: what istiod orders by before the time of creation.
    """

    resource: Message
    owner: str
    at: int
    rank: tuple[int, bool]
    apply_to: str
    operation: str
    match: Message
    value: Message

    @property
    def where(self) -> str:
        """For messages: `EnvoyFilter namespace/name: configPatches[at]`."""
        return f"{self.owner}: configPatches[{self.at}]"

    @property
    def source(self) -> Source:
        """Where its value stands."""
        return Source(self.resource, ("spec", "configPatches", self.at, "patch", "value"))

    @property
    def listener(self) -> Message:
        """The listener match."""
        return mapping(self.match, "listener")

    @property
    def chain(self) -> Message:
        """The filter chain match."""
        return mapping(self.listener, "filterChain")

    @property
    def filter_name(self) -> str:
        """The network or listener filter's name that must match, or nothing."""
        if self.apply_to == "LISTENER_FILTER":
            return text(self.listener, "listenerFilter")
        return text(mapping(self.chain, "filter"), "name")


def reaching(
    resources: list[Resource], workload: Workload, root_namespace: str, *, backwards: bool = False
) -> tuple[list[Patch], list[NotModelled]]:
    """The patches that reach `workload`, in istiod's order, and those that are not known here.

    What istiod orders by the time of creation, which no file holds, stands in the order of names, or `backwards`.
    """
    patches: list[Patch] = []
    unknown: list[NotModelled] = []
    found = [f for f in of_kind(resources, "EnvoyFilter") if _reaches(f, workload, root_namespace)]
    found.sort(key=lambda f: text(f.get("metadata"), "name"), reverse=backwards)
    for envoy_filter in sorted(found, key=lambda f: _rank(f, root_namespace)):
        spec = mapping(envoy_filter, "spec")
        if "targetRefs" in spec:
            reason = "spec.targetRefs: the probe selects by workloadSelector only"
            unknown.append(NotModelled(envoy_filter, ("spec", "targetRefs"), reason))
        for index, entry in mappings(spec, "configPatches"):
            match, apply_to = mapping(entry, "match"), text(entry, "applyTo")
            if text(match, "context") not in _CONTEXTS or apply_to in _HTTP:
                continue
            path = ("spec", "configPatches", index)
            faults = [f"configPatches[{index}]: {fault}" for fault in _faults(entry, apply_to)]
            unknown += [NotModelled(envoy_filter, path, fault, opens=_may_open(entry)) for fault in faults]
            if not faults:
                rank, value = _rank(envoy_filter, root_namespace), snake(mapping(entry, "patch", "value"))
                operation = text(mapping(entry, "patch"), "operation")
                owner = title(envoy_filter)
                patches.append(Patch(envoy_filter, owner, index, rank, apply_to, operation, match, value))
    return patches, unknown


def entries(
    resources: list[Resource], workload: Workload, root_namespace: str
) -> Iterator[tuple[Resource, tuple[str | int, ...], Message]]:
    """Every entry of configPatches that is for gateways and reaches `workload`, as it is written, with its place."""
    for envoy_filter in of_kind(resources, "EnvoyFilter"):
        if _reaches(envoy_filter, workload, root_namespace):
            for index, entry in mappings(envoy_filter.get("spec"), "configPatches"):
                if text(mapping(entry, "match"), "context") in _CONTEXTS:
                    yield envoy_filter, ("spec", "configPatches", index), entry


def _rank(envoy_filter: Resource, root_namespace: str) -> tuple[int, bool]:
    return number(envoy_filter.get("spec"), "priority"), namespace(envoy_filter) != root_namespace


def _reaches(envoy_filter: Resource, workload: Workload, root_namespace: str) -> bool:
    spec = mapping(envoy_filter, "spec")
    here = text(envoy_filter.get("metadata"), "namespace")
    if spec.get("targetRefs") and not (here == workload.namespace and not workload.is_whole):
        # They name Gateways of the Gateway API, or Services: no pods of a Deployment of one's own.
        return False
    return bool(workload.reached_from(here, mapping(spec, "workloadSelector", "labels"), root_namespace))


def _may_open(entry: Message) -> bool:
    """Whether a patch of an unknown sort brings listeners of its own."""
    return text(entry, "applyTo") == "BOOTSTRAP" and "listeners" in repr(mapping(entry, "patch", "value"))


def _faults(entry: Message, apply_to: str) -> Iterator[str]:
    """Why `entry` of configPatches cannot be applied here."""
    operation = text(mapping(entry, "patch"), "operation")
    match = mapping(entry, "match")
    if operation not in _SUPPORTED.get(apply_to, ()):
        known = "; ".join(f"{kind}: {', '.join(ops)}" for kind, ops in _SUPPORTED.items())
        yield f"the probe cannot apply applyTo {apply_to} with operation {operation!r}; it knows {known}"
    elif "proxy" in match:
        yield "match.proxy: the probe does not know the mesh's proxy version or metadata; leave it out"
    else:
        yield from _unknown(match, "match")


def _unknown(match: Message, path: str) -> Iterator[str]:
    for name, value in match.items():
        if name not in _FIELDS[path]:
            known = ", ".join(sorted(_FIELDS[path]))
            yield f"{path}.{name}: the probe does not know this field of a match; it knows {known}"
        elif f"{path}.{name}" in _FIELDS and isinstance(value, dict):
            yield from _unknown(value, f"{path}.{name}")
