"""What an EnvoyFilter does to a gateway: its patches, and the filter chains that they add."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ..manifest.fields import mapping, mappings, number, text
from .envoy_filter import MATCH, NAMES, forwards

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ..manifest.edits import Path
    from ..manifest.resource import Resource

_CHAINS = ("filter_chains", "filterChains")
_DEFAULT = ("default_filter_chain", "defaultFilterChain")
_TCP_PROXY = "tcp_proxy"


class Chain(NamedTuple):
    """A filter chain at `path`: the `names` that it is for, None without a list, and what `else_` it matches."""

    path: Path
    names: tuple[str, ...] | None
    else_: str
    has_filters: bool


class Patch:
    """One of an EnvoyFilter's patches, at `path`; `chains` are those that its value adds, `listener` what it matches.

    `chains` belong to one listener, or are each the whole value.
    """

    __slots__ = ("_filter", "_listener", "applies_to", "chains", "context", "operation", "path", "value")

    def __init__(self, index: int, patch: dict[str, Any]) -> None:
        self.path: Path = ("spec", "configPatches", index)
        self.applies_to = text(patch, "applyTo")
        self.context = text(mapping(patch, "match"), "context")
        self.operation = text(mapping(patch, "patch"), "operation")
        self.value = mapping(patch, "patch", "value")
        self._listener = mapping(patch, "match", "listener")
        self._filter = text(mapping(self._listener, "filterChain", "filter"), "name")
        self.chains = list(_chains(self.value, (*self.path, "patch", "value")))

    @property
    def is_for_gateways(self) -> bool:
        """Whether proxies that are gateways apply it (Istio, EnvoyFilter.PatchContext)."""
        return self.context in ("GATEWAY", "ANY", "")

    @property
    def names_listener(self) -> bool:
        """Whether it is for one listener."""
        return bool(number(self._listener, "portNumber") or text(self._listener, "name"))

    def is_for_listener(self, ports: Collection[int]) -> bool:
        """Whether it may match a listener at one of `ports`; any, where none is known."""
        port = number(self._listener, "portNumber")
        if not port:
            # Istio names listeners after their address: 0.0.0.0_8443.
            named = re.search(r"_(\d+)$", text(self._listener, "name"))
            port = int(named[1]) if named else 0
        return not port or not ports or port in ports

    @property
    def forwards(self) -> bool:
        """Whether it adds what forwards by SNI, in a chain or without one."""
        return _any_forwards(self.value)

    @property
    def changes_destination(self) -> bool:
        """Whether it changes the filter that says where a listener's connections go."""
        if self.applies_to != "NETWORK_FILTER" or self.operation == "REMOVE":
            return False
        config = self.value.get("typed_config", self.value.get("typedConfig"))
        if _TCP_PROXY in text(self.value, "name") or _TCP_PROXY in text(config, "@type"):
            return True
        return self.operation in ("MERGE", "REPLACE") and (not self._filter or _TCP_PROXY in self._filter)


def patches(resource: Resource) -> list[Patch]:
    """The patches of the EnvoyFilter `resource`."""
    return [Patch(index, patch) for index, patch in mappings(resource.value.get("spec"), "configPatches")]


def catch_alls(resource: Resource) -> list[Chain]:
    """The chains without a list that take every name that no other chain of their listener is for."""
    found = []
    for patch in patches(resource):
        if patch.applies_to == "FILTER_CHAIN" or any(chain.names is not None for chain in patch.chains):
            found += [chain for chain in patch.chains if chain.names is None and chain.has_filters]
    return found


def _chains(value: dict[str, Any], path: Path) -> Iterator[Chain]:
    found = False
    for key in _CHAINS:
        found = found or key in value
        for index, chain in mappings(value, key):
            yield _chain(chain, (*path, key, index))
    for key in _DEFAULT:
        if isinstance(value.get(key), dict):
            found = True
            yield _chain(value[key], (*path, key))
    if not found and ("filters" in value or any(key in value for key in MATCH)):
        yield _chain(value, path)


def _chain(chain: dict[str, Any], path: Path) -> Chain:
    names: list[str] | None = None
    rest: list[tuple[str, str]] = []
    for match_key in MATCH:
        for key, value in mapping(chain, match_key).items():
            if key in NAMES:
                names = [*(names or ()), *(map(str, value) if isinstance(value, list) else ())]
            else:
                rest.append((key, repr(value)))
    return Chain(path, None if names is None else tuple(names), repr(sorted(rest)), bool(chain.get("filters")))


def _any_forwards(node: Any) -> bool:
    if isinstance(node, list):
        return any(map(_any_forwards, node))
    return isinstance(node, dict) and (forwards(node) or any(map(_any_forwards, node.values())))
