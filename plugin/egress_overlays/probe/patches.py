"""EnvoyFilters applied as istiod applies them to a gateway (pilot/pkg/networking/core/envoyfilter).

What matters most: an EnvoyFilter of the root namespace without workloadSelector reaches every
gateway, a match without a port every listener, and objects that were added are not patched again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from .errors import ProbeError
from .gateway import Resource, Workload, namespace, of_kind, title
from .protojson import merge, snake

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


@dataclass(frozen=True)
class Patch:
    """One entry of configPatches, its value in snake case."""

    where: str
    apply_to: str
    operation: str
    match: Message
    value: Message

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


def apply(
    resources: list[Resource],
    workload: Workload,
    listeners: list[Message],
    clusters: list[Message],
    root_namespace: str,
) -> tuple[list[Message], list[Message]]:
    """(listeners, clusters) of `workload` after every EnvoyFilter among `resources` that reaches it.

    Raises ProbeError that names each patch that would reach the workload and cannot be applied here.
    """
    patches = list(_patches(resources, workload, root_namespace))
    return _patch_listeners(patches, deepcopy(listeners)), _patch_clusters(patches, deepcopy(clusters))


def _patches(resources: list[Resource], workload: Workload, root_namespace: str) -> Iterator[Patch]:
    """The patches that reach `workload`: root namespace first, then its own, each by priority and name."""
    reaching = [f for f in of_kind(resources, "EnvoyFilter") if _reaches(f, workload, root_namespace)]
    reaching.sort(key=lambda f: (namespace(f) != root_namespace, f["spec"].get("priority", 0), f["metadata"]["name"]))
    faults = []
    for envoy_filter in reaching:
        if "targetRefs" in envoy_filter["spec"]:
            faults.append(f"{title(envoy_filter)}: spec.targetRefs: the probe selects by workloadSelector only")
        for index, entry in enumerate(envoy_filter["spec"].get("configPatches") or []):
            where = f"{title(envoy_filter)}: configPatches[{index}]"
            match = entry.get("match") or {}
            if match.get("context", "") not in _CONTEXTS or entry["applyTo"] in _HTTP:
                continue
            operation = (entry.get("patch") or {}).get("operation", "")
            if operation not in _SUPPORTED.get(entry["applyTo"], ()):
                known = "; ".join(f"{kind}: {', '.join(ops)}" for kind, ops in _SUPPORTED.items())
                faults.append(
                    f"{where}: the probe cannot apply applyTo {entry['applyTo']} with operation {operation!r}; "
                    f"it knows {known}"
                )
            elif "proxy" in match:
                faults.append(
                    f"{where}: match.proxy: the probe does not know the mesh's proxy version or metadata; leave it out"
                )
            else:
                yield Patch(where, entry["applyTo"], operation, match, snake(entry["patch"].get("value") or {}))
    if faults:
        raise ProbeError("\n".join(faults))


def _reaches(envoy_filter: Resource, workload: Workload, root_namespace: str) -> bool:
    labels = (envoy_filter["spec"].get("workloadSelector") or {}).get("labels")
    return namespace(envoy_filter) in (root_namespace, workload.namespace) and workload.selected_by(labels)


def _patch_clusters(patches: list[Patch], clusters: list[Message]) -> list[Message]:
    kept = []
    ours = [patch for patch in patches if patch.apply_to == "CLUSTER"]
    for cluster in clusters:
        matching = [p for p in ours if _cluster_matches(p.match.get("cluster") or {}, cluster)]
        if any(patch.operation == "REMOVE" for patch in matching):
            continue
        for patch in matching:
            if patch.operation == "MERGE":
                merge(cluster, patch.value)
        kept.append(cluster)
    return kept + [deepcopy(patch.value) for patch in ours if patch.operation == "ADD"]


def _cluster_matches(match: Message, cluster: Message) -> bool:
    if match.get("name"):
        return bool(match["name"] == cluster["name"])
    _, port, subset, host = [*cluster["name"].split("|"), "", "", ""][:4]
    wanted = (match.get("service", host), match.get("subset", subset), str(match.get("portNumber", port)))
    return wanted == (host, subset, port)


def _patch_listeners(patches: list[Patch], listeners: list[Message]) -> list[Message]:
    kept = []
    for listener in listeners:
        reaching = [patch for patch in patches if _listener_matches(patch.listener, listener)]
        ours = [patch for patch in reaching if patch.apply_to == "LISTENER"]
        if any(patch.operation == "REMOVE" for patch in ours):
            continue
        for patch in ours:
            if patch.operation == "MERGE":
                merge(listener, patch.value)
        for patch in reaching:
            if patch.apply_to == "LISTENER_FILTER":
                _edit(listener.setdefault("listener_filters", []), patch)
        _patch_chains(reaching, listener)
        kept.append(listener)
    # Only now: istiod adds after it has patched, so that no patch reaches what another one added.
    added = [patch for patch in patches if (patch.apply_to, patch.operation) == ("LISTENER", "ADD")]
    return kept + [deepcopy(patch.value) for patch in added]


def _listener_matches(match: Message, listener: Message) -> bool:
    address = (listener.get("address") or {}).get("socket_address") or {}
    if match.get("portNumber") and match["portNumber"] != address.get("port_value"):
        return False
    return bool(match.get("name", listener["name"]) == listener["name"])


def _patch_chains(patches: list[Patch], listener: Message) -> None:
    chains = listener.get("filter_chains") or []
    ours = [patch for patch in patches if patch.apply_to == "FILTER_CHAIN"]
    kept = []
    for chain in chains:
        if any(patch.operation == "REMOVE" and _chain_matches(patch.chain, chain) for patch in ours):
            continue
        for patch in ours:
            if patch.operation == "MERGE" and _chain_matches(patch.chain, chain):
                merge(chain, patch.value)
        _patch_filters(patches, chain)
        kept.append(chain)
    listener["filter_chains"] = kept + [deepcopy(patch.value) for patch in ours if patch.operation == "ADD"]


def _chain_matches(match: Message, chain: Message) -> bool:
    if match.get("name") and match["name"] != chain.get("name"):
        return False
    names = (chain.get("filter_chain_match") or {}).get("server_names") or []
    return not match.get("sni") or match["sni"] in names


def _patch_filters(patches: list[Patch], chain: Message) -> None:
    ours = [patch for patch in patches if patch.apply_to == "NETWORK_FILTER" and _chain_matches(patch.chain, chain)]
    for patch in ours:
        _edit(chain["filters"], patch)
    for entry in chain["filters"]:
        for patch in ours:
            if patch.operation == "MERGE" and patch.filter_name in ("", entry["name"]):
                merge(entry, patch.value)


def _edit(filters: list[Message], patch: Patch) -> None:
    """Insert, replace or remove in place; where no filter has the name that must match, nothing changes."""
    at = next((i for i, entry in enumerate(filters) if entry["name"] == patch.filter_name), None)
    new = deepcopy(patch.value)
    if patch.operation == "ADD" or (patch.operation == "INSERT_AFTER" and not patch.filter_name):
        filters.append(new)
    elif patch.operation == "INSERT_FIRST" or (patch.operation == "INSERT_BEFORE" and not patch.filter_name):
        filters.insert(0, new)
    elif at is not None:
        edits: dict[str, Callable[[], Any]] = {
            "INSERT_BEFORE": lambda: filters.insert(at, new),
            "INSERT_AFTER": lambda: filters.insert(at + 1, new),
            "REPLACE": lambda: filters.__setitem__(at, new),
            "REMOVE": lambda: filters.pop(at),
        }
        if patch.operation in edits:
            edits[patch.operation]()
