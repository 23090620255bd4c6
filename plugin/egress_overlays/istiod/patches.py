"""EnvoyFilters applied as istiod applies them to a gateway (pilot/pkg/networking/core/envoyfilter).

What matters most: an EnvoyFilter of the root namespace without workloadSelector reaches every
gateway, a match without a port every listener, and objects that were added are not patched again.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

from ..manifest.fields import mapping, text, texts
from .errors import NotModelled
from .filters import Patch, reaching
from .gateway import MESH, Resource
from .order import Touched
from .protojson import TypeMismatch, merge, merge_any
from .provenance import Provenance
from .workload import Workload

Message = dict[str, Any]


class Patched(NamedTuple):
    """What has become of the listeners and clusters; `notes`: where istiod may decide otherwise.

    `patches` are those that reach the workload, `unknown` what of them is not applied.
    """

    listeners: list[Message]
    clusters: list[Message]
    notes: list[str]
    unknown: list[NotModelled]
    patches: list[Patch]


def apply(  # noqa: PLR0913, PLR0917 - the two halves of a configuration, and what it is made from
    resources: list[Resource],
    workload: Workload,
    listeners: list[Message],
    clusters: list[Message],
    root_namespace: str,
    origins: Provenance | None = None,
    *,
    backwards: bool = False,
) -> Patched:
    """`listeners` and `clusters` of `workload`, changed in place by every EnvoyFilter of `resources` that reaches it.

    Who has changed which part is noted down in `origins`.
    """
    patches, unknown = reaching(resources, workload, root_namespace, backwards=backwards)
    patching = _Patching(patches, origins or Provenance())
    listeners, clusters = patching.listeners(listeners), patching.clusters(clusters)
    return Patched(listeners, clusters, patching.touched.notes(), [*unknown, *patching.unknown], patches)


class _Patching:
    """Patches in istiod's order, which objects they have touched so far, and those that could not be applied."""

    def __init__(self, patches: list[Patch], origins: Provenance) -> None:
        self._patches = patches
        self._origins = origins
        self.touched = Touched()
        self.unknown: list[NotModelled] = []

    def _of(self, kind: str) -> list[Patch]:
        return [patch for patch in self._patches if patch.apply_to == kind]

    def clusters(self, clusters: list[Message]) -> list[Message]:
        """`clusters` patched, and those that are added."""
        kept = []
        for cluster in clusters:
            matching = [p for p in self._of("CLUSTER") if _cluster_matches(mapping(p.match, "cluster"), cluster)]
            for patch in matching:
                if patch.operation == "ADD":
                    continue
                self.touched.add(f"cluster {cluster['name']}", patch)
                self._origins.note(cluster, patch.source)
                if patch.operation == "MERGE" and "transport_socket" in patch.value:
                    # istiod merges this field alone where there is one.
                    cluster["transport_socket"] = deepcopy(patch.value["transport_socket"])
                elif patch.operation == "MERGE":
                    self._merge(cluster, patch)
            if not any(patch.operation == "REMOVE" for patch in matching):
                kept.append(cluster)
        return kept + [self._new(patch) for patch in self._of("CLUSTER") if patch.operation == "ADD"]

    def listeners(self, listeners: list[Message]) -> list[Message]:
        """`listeners` patched, and those that are added."""
        kept = []
        for listener in listeners:
            if self._patch_listener(listener):
                for patch in self._of("LISTENER_FILTER"):
                    if _listener_matches(patch.listener, listener):
                        where = f"listener {listener.get('name', '')}"
                        if self._edit(listener.setdefault("listener_filters", []), patch, where):
                            removes = patch.operation in ("REPLACE", "REMOVE")
                            self._origins.note(listener, patch.source._replace(removes=removes))
                self._patch_chains(listener)
                kept.append(listener)
        # Only now: istiod adds after it has patched, so that no patch reaches what another one added.
        return kept + [self._new(patch) for patch in self._of("LISTENER") if patch.operation == "ADD"]

    def _new(self, patch: Patch) -> Message:
        """What `patch` adds."""
        made: Message = deepcopy(patch.value)
        self._origins.made(made, patch.source)
        return made

    def _merge(self, target: Message, patch: Patch) -> None:
        self._origins.note(target, patch.source)
        try:
            merge(target, patch.value)
        except TypeMismatch as fault:
            self._panic(patch, fault)

    def _merge_filter(self, entry: Message, patch: Patch) -> None:
        """Name and typed_config alone, as patchNetworkFilter; a filter without typed_config stays."""
        if "typed_config" not in entry:
            return
        self._origins.note(entry, patch.source)
        entry["name"] = patch.value.get("name") or entry.get("name", "")
        try:
            if patch.value.get("typed_config"):
                merge_any(entry["typed_config"], patch.value["typed_config"])
        except TypeMismatch as fault:
            self._panic(patch, fault)

    def _panic(self, patch: Patch, fault: TypeMismatch) -> None:
        self._refuse(
            patch,
            f"MERGE of {fault}: istiod's merge panics at this, and the patches that come after it do not take effect; "
            "give the @type that is there, or use REPLACE",
        )

    def _refuse(self, patch: Patch, reason: str) -> None:
        reason = f"configPatches[{patch.at}]: {reason}"
        self.unknown.append(NotModelled(patch.resource, patch.source.path[:3], reason, opens=True))

    def _patch_listener(self, listener: Message) -> bool:
        """Whether `listener` stays."""
        for patch in self._of("LISTENER"):
            if patch.operation == "ADD" or not _listener_matches(patch.listener, listener):
                continue
            self.touched.add(f"listener {listener.get('name', '')}", patch)
            if patch.operation == "REMOVE":
                return False
            self._merge(listener, patch)
        return True

    def _patch_chains(self, listener: Message) -> None:
        ours = [patch for patch in self._of("FILTER_CHAIN") if _listener_matches(patch.listener, listener)]
        chains = listener.get("filter_chains") or []
        numbered = [(chain, chain.get("name") or str(number)) for number, chain in enumerate(chains)]
        listener["filter_chains"] = [c for c, name in numbered if self._patch_chain(c, name, listener, ours)]
        default = listener.get("default_filter_chain")
        if default and not self._patch_chain(default, "default", listener, ours):
            del listener["default_filter_chain"]
        listener["filter_chains"] += [self._new(patch) for patch in ours if patch.operation == "ADD"]

    def _patch_chain(self, chain: Message, name: str, listener: Message, patches: list[Patch]) -> bool:
        """Whether `chain` stays."""
        where = f"listener {listener.get('name', '')}, chain {name}"
        for patch in patches:
            if patch.operation == "ADD" or not _chain_matches(patch.chain, chain):
                continue
            self.touched.add(where, patch)
            if patch.operation == "REMOVE":
                return False
            if "transport_socket" in patch.value and chain.get("transport_socket") == MESH:
                self._refuse(
                    patch,
                    "MERGE of transport_socket: the probe makes the mesh's mutual TLS itself and does not know what "
                    "istiod's becomes with this",
                )
                continue
            self._merge(chain, patch)
        self._patch_filters(chain, listener, where)
        return True

    def _patch_filters(self, chain: Message, listener: Message, where: str) -> None:
        ours = [patch for patch in self._of("NETWORK_FILTER") if _listener_matches(patch.listener, listener)]
        ours = [patch for patch in ours if _chain_matches(patch.chain, chain)]
        for patch in ours:
            if self._edit(chain.setdefault("filters", []), patch, where):
                self._origins.note(chain, patch.source._replace(removes=patch.operation in ("REPLACE", "REMOVE")))
        for entry in chain.get("filters") or []:
            for patch in ours:
                if patch.operation == "MERGE" and patch.filter_name in ("", entry.get("name")):
                    self.touched.add(f"{where}, filter {entry.get('name', '')}", patch)
                    self._merge_filter(entry, patch)

    def _edit(self, filters: list[Message], patch: Patch, where: str) -> bool:
        """Insert, replace or remove in place; False where no filter has the name that must match."""
        at = next((i for i, entry in enumerate(filters) if entry.get("name") == patch.filter_name), None)
        edits: dict[str, Callable[[Message], Any]] = {}
        if patch.operation == "ADD" or (patch.operation == "INSERT_AFTER" and not patch.filter_name):
            edits[patch.operation] = filters.append
        elif patch.operation == "INSERT_FIRST" or (patch.operation == "INSERT_BEFORE" and not patch.filter_name):
            edits[patch.operation] = lambda new: filters.insert(0, new)
        elif at is not None:
            others = [entry for entry in filters if entry.get("name") != patch.filter_name]
            edits = {
                "INSERT_BEFORE": lambda new: filters.insert(at, new),
                "INSERT_AFTER": lambda new: filters.insert(at + 1, new),
                "REPLACE": lambda new: filters.__setitem__(at, new),
                "REMOVE": lambda _new: filters.__setitem__(slice(None), others),
            }
        if patch.operation not in edits:
            return False
        edits[patch.operation](self._new(patch))
        if patch.operation in ("REPLACE", "REMOVE"):
            self.touched.add(f"{where}, filter {patch.filter_name}", patch)
        else:
            self.touched.add(f"{where}, order of filters", patch)
        return True


def _cluster_matches(match: Message, cluster: Message) -> bool:
    name = text(cluster, "name")
    if match.get("name"):
        return bool(match["name"] == name)
    _, port, subset, host = [*name.split("|"), "", "", ""][:4]
    wanted = (match.get("service", host), match.get("subset", subset), str(match.get("portNumber", port)))
    return wanted == (host, subset, port)


def _listener_matches(match: Message, listener: Message) -> bool:
    address = mapping(listener, "address", "socket_address")
    if match.get("portNumber") and match["portNumber"] != address.get("port_value"):
        return False
    return match.get("name") in (None, "", listener.get("name"))


def _chain_matches(match: Message, chain: Message) -> bool:
    """As istiod's filterChainMatch: what a match names, the chain's own match must have."""
    own = mapping(chain, "filter_chain_match")
    if match.get("name") and match["name"] != chain.get("name"):
        return False
    if match.get("sni") and match["sni"] not in texts(own, "server_names"):
        return False
    if match.get("transportProtocol") and match["transportProtocol"] != own.get("transport_protocol"):
        return False
    protocols = str(match.get("applicationProtocols") or "")
    if protocols and not set(protocols.split(",")) <= set(texts(own, "application_protocols")):
        return False
    return not match.get("destinationPort") or match["destinationPort"] == own.get("destination_port")
