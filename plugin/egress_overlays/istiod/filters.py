"""The EnvoyFilters that reach a gateway, in the order in which istiod applies them (pilot/pkg/model/push_context.go).

What the probe does not know as istiod does it names here, before anything is applied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .errors import ProbeError
from .gateway import Resource, Workload, namespace, of_kind, title
from .protojson import snake

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


@dataclass(frozen=True)
class Patch:
    """One entry of configPatches, its value in snake case.

    `owner`: the title of its EnvoyFilter; `rank`: what istiod orders by before the time of creation.
    """

    owner: str
    index: int
    rank: tuple[int, bool]
    apply_to: str
    operation: str
    match: Message
    value: Message

    @property
    def where(self) -> str:
        """For messages: `EnvoyFilter namespace/name: configPatches[index]`."""
        return f"{self.owner}: configPatches[{self.index}]"

    @property
    def listener(self) -> Message:
        """The listener match."""
        return self.match.get("listener") or {}

    @property
    def chain(self) -> Message:
        """The filter chain match."""
        return self.listener.get("filterChain") or {}

    @property
    def filter_name(self) -> str:
        """The network or listener filter's name that must match, or nothing."""
        if self.apply_to == "LISTENER_FILTER":
            return str(self.listener.get("listenerFilter", ""))
        return str((self.chain.get("filter") or {}).get("name", ""))


def reaching(resources: list[Resource], workload: Workload, root_namespace: str) -> list[Patch]:
    """The patches that reach `workload`, in istiod's order; the time of creation, which no file holds, left out.

    Raises ProbeError that names each one that the probe cannot apply.
    """
    patches: list[Patch] = []
    faults: list[str] = []
    found = [f for f in of_kind(resources, "EnvoyFilter") if _reaches(f, workload, root_namespace)]
    for envoy_filter in sorted(found, key=lambda f: (*_rank(f, root_namespace), f["metadata"]["name"])):
        if "targetRefs" in envoy_filter["spec"]:
            faults.append(f"{title(envoy_filter)}: spec.targetRefs: the probe selects by workloadSelector only")
        for index, entry in enumerate(envoy_filter["spec"].get("configPatches") or []):
            match, patch = entry.get("match") or {}, entry.get("patch") or {}
            if match.get("context", "") not in _CONTEXTS or entry["applyTo"] in _HTTP:
                continue
            faults.extend(f"{title(envoy_filter)}: configPatches[{index}]: {fault}" for fault in _faults(entry))
            rank, value = _rank(envoy_filter, root_namespace), snake(patch.get("value") or {})
            operation = patch.get("operation", "")
            patches.append(Patch(title(envoy_filter), index, rank, entry["applyTo"], operation, match, value))
    if faults:
        raise ProbeError("\n".join(faults))
    return patches


def _rank(envoy_filter: Resource, root_namespace: str) -> tuple[int, bool]:
    return int(envoy_filter["spec"].get("priority", 0)), namespace(envoy_filter) != root_namespace


def _reaches(envoy_filter: Resource, workload: Workload, root_namespace: str) -> bool:
    labels = (envoy_filter["spec"].get("workloadSelector") or {}).get("labels")
    return namespace(envoy_filter) in (root_namespace, workload.namespace) and workload.selected_by(labels)


def _faults(entry: Message) -> Iterator[str]:
    """Why the probe cannot apply `entry` of configPatches."""
    operation = (entry.get("patch") or {}).get("operation", "")
    match = entry.get("match") or {}
    if operation not in _SUPPORTED.get(entry["applyTo"], ()):
        known = "; ".join(f"{kind}: {', '.join(ops)}" for kind, ops in _SUPPORTED.items())
        yield f"the probe cannot apply applyTo {entry['applyTo']} with operation {operation!r}; it knows {known}"
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
