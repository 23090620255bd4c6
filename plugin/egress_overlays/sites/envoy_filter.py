"""EnvoyFilter: every `filter_chain_match.server_names`, in snake case or camel case.

An empty or missing `server_names` matches every name (Envoy, FilterChainMatch), so a chain that
forwards by SNI and has none is a fault, never a chain to pass over.
"""

from __future__ import annotations

from .place import BadPlace, ClientsPlace, items, list_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .place import Path, Place

KIND = "EnvoyFilter"

MATCH = ("filter_chain_match", "filterChainMatch")
NAMES = ("server_names", "serverNames")
_FORWARDER = "sni_dynamic_forward_proxy"

CLIENTS_FILTER = "egress-overlays.clients"
"""The name of the RBAC network filter that components/client-lists adds and the function fills."""


def find(value: dict[str, Any]) -> Iterator[Place | ClientsPlace | BadPlace]:
    """The lists of names in the EnvoyFilter `value`."""
    for index, patch in items(value.get("spec"), "configPatches"):
        body = patch.get("patch")
        if isinstance(body, dict):
            path = ("spec", "configPatches", index, "patch", "value")
            yield from _walk(body.get("value"), path)


def _walk(node: Any, path: Path) -> Iterator[Place | ClientsPlace | BadPlace]:
    if isinstance(node, list):
        for index, child in enumerate(node):
            yield from _walk(child, (*path, index))
    elif isinstance(node, dict):
        yield from _chain(node, path)
        for key, child in node.items():
            if isinstance(child, (dict, list)):
                yield from _walk(child, (*path, key))


def _chain(chain: dict[str, Any], path: Path) -> Iterator[Place | ClientsPlace | BadPlace]:
    """The list of names of `chain`, if that is a filter chain; a fault if it forwards any name."""
    found = False
    for match_key in MATCH:
        match = chain.get(match_key)
        if isinstance(match, dict):
            for names_key in NAMES:
                found = found or names_key in match
                yield from list_at(match, names_key, (*path, match_key))
    filters = chain.get("filters")
    for index, entry in items(chain, "filters"):
        if entry.get("name") == CLIENTS_FILTER:
            yield ClientsPlace((*path, "filters", index, "typed_config"))
    if not found and isinstance(filters, list) and any(forwards(entry) for entry in filters):
        yield BadPlace(
            path,
            "forwards by SNI but has no filter_chain_match.server_names, so it would admit every name; add "
            'filter_chain_match: {server_names: ["egress-domains.invalid"]}',
        )


def forwards(entry: Any) -> bool:
    """Whether `entry` is a filter that connects to whatever name the SNI holds."""
    if not isinstance(entry, dict):
        return False
    config = entry.get("typed_config", entry.get("typedConfig"))
    type_url = config.get("@type") if isinstance(config, dict) else ""
    return _FORWARDER in str(entry.get("name", "")) or _FORWARDER in str(type_url)
