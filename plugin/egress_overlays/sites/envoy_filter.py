"""EnvoyFilter: every `filter_chain_match.server_names`, in snake case or camel case; for plain HTTP `virtual_hosts`.

An empty or missing `server_names` matches every name, and so does any list that stands where Envoy
reads none (Envoy, Listener.default_filter_chain, Listener.filter_chain_matcher). So what forwards by
SNI outside of a chain with a list that counts is a fault, never a thing to pass over.
"""

from __future__ import annotations

from ..manifest.resource import APART, CLIENTS_FILTER, NAMES_ANNOTATION
from .site import BadPlace, ClientsPlace, DenialPlace, Place, is_by_http, list_at, mappings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..manifest.edits import Path
    from .site import Found

MATCH = ("filter_chain_match", "filterChainMatch")
NAMES = ("server_names", "serverNames")
_CHAINS = ("filter_chains", "filterChains")
_DEFAULT = ("default_filter_chain", "defaultFilterChain")
_MATCHER = ("filter_chain_matcher", "filterChainMatcher")

# Envoy goes by the type of a filter's configuration, older ones by its name. The type may stand in a
# TypedStruct, or where the configuration is looked up (ExtensionConfigSource).
FORWARDER = "sni_dynamic_forward_proxy"
_FORWARDER_NAME = "envoy.filters.network." + FORWARDER
_TYPES = ("@type", "type_url", "typeUrl", "type_urls", "typeUrls")

_HOW = 'filter_chain_match: {server_names: ["egress-domains.invalid"]}'

_TYPE = "type.googleapis.com/envoy.extensions.filters.network."
DENYING_FILTERS = [
    {
        "name": "envoy.filters.network.rbac",
        "typed_config": {
            "@type": _TYPE + "rbac.v3.RBAC",
            "stat_prefix": "egress_denied_",
            "rules": {
                "action": "DENY",
                "policies": {"denied": {"permissions": [{"any": True}], "principals": [{"any": True}]}},
            },
        },
    },
    {
        "name": "envoy.filters.network.tcp_proxy",
        "typed_config": {
            "@type": _TYPE + "tcp_proxy.v3.TcpProxy",
            "stat_prefix": "egress_denied",
            "cluster": "BlackHoleCluster",
            "upstream_connect_mode": "ON_DOWNSTREAM_DATA",
            "max_early_data_bytes": 16384,
        },
    },
]
"""The filters of a chain that refuses: the access log quotes the policy's name, and no byte goes on."""


def denies(chain: dict[str, Any]) -> bool:
    """Whether `chain` refuses the names that it lists, as the function writes it."""
    match = chain.get(MATCH[0])
    return (
        chain.get("filters") == DENYING_FILTERS
        and chain.keys() <= {"name", MATCH[0], "filters"}
        and isinstance(match, dict)
        and isinstance(match.get(NAMES[0]), list)
        and all(isinstance(name, str) and name for name in match[NAMES[0]])
        and bool(match[NAMES[0]])
    )


def find(value: dict[str, Any]) -> Found:
    """The lists of names in the EnvoyFilter `value`."""
    if is_by_http(value):
        from . import virtual_hosts

        return virtual_hosts.find(value)
    found: Found = []
    spec = value.get("spec")
    if isinstance(spec, dict):
        for patch, path in mappings(spec, "configPatches", ("spec",), found):
            body = patch.get("patch")
            if isinstance(body, dict):
                _patch(patch.get("applyTo"), body, (*path, "patch", "value"), found)
            elif body is not None:
                found.append(BadPlace((*path, "patch"), "must be a mapping"))
        if any(map(_is_chain, found)):
            from .behind import is_behind

            found = [place for place in found if not (_is_chain(place) and is_behind(spec, place.path))]
        if _asks_for_parts(value):
            from .apart import divide

            divide(value, found)
    for place in found:
        if isinstance(place, BadPlace):
            # Of what a patch adds and no list limits, nobody knows better.
            place.opens = place.path[3:5] == ("patch", "value")
    return found


def _asks_for_parts(value: dict[str, Any]) -> bool:
    """Whether exact names and wildcards have filter chains of their own."""
    metadata = value.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return isinstance(annotations, dict) and annotations.get(NAMES_ANNOTATION) == APART


def _is_chain(place: Place | ClientsPlace | DenialPlace | BadPlace) -> bool:
    """Whether it is a filter chain of a listener, and a fault as a whole."""
    return isinstance(place, BadPlace) and len(place.path) == 7 and place.path[5] == _CHAINS[0]


def _patch(applies_to: Any, body: dict[str, Any], path: Path, found: Found) -> None:
    value = body.get("value")
    adds = body.get("operation") == "ADD"
    if applies_to == "LISTENER" and isinstance(value, dict):
        _listener(value, path, found, adds=adds)
    elif applies_to == "FILTER_CHAIN" and isinstance(value, dict):
        if _chain(value, path, found) and not adds and _forwards_within(value):
            reason = (
                "forwards by SNI, and would be merged into chains for other names, the default one too; write "
                "operation: ADD"
            )
            found.append(BadPlace(path, reason))
    else:
        _elsewhere(value, path, found)


def _listener(listener: dict[str, Any], path: Path, found: Found, *, adds: bool) -> None:
    chains = _spelling(listener, _CHAINS, path, found)
    lists = []
    for chain, here in mappings(listener, chains, path, found):
        if chains == _CHAINS[0] and denies(chain):
            found.append(DenialPlace((*here, MATCH[0], NAMES[0]), (*path, chains)))
        else:
            lists.append(_chain(chain, here, found))
    if any(lists) or not adds:
        for key in _MATCHER:
            if listener.get(key) is not None:
                reason = f"makes Envoy ignore every {NAMES[0]} of the listener, so it would admit every name; remove it"
                found.append(BadPlace((*path, key), reason))
    for key, child in listener.items():
        if key in _DEFAULT:
            _default_chain(child, (*path, key), found)
        elif key != chains:
            _field(key, child, path, found)


def _chain(chain: dict[str, Any], path: Path, found: Found) -> bool:
    """Note the list of names of the filter chain `chain`; whether there is one, without which it must not forward."""
    match_key = _spelling(chain, MATCH, path, found)
    match = chain.get(match_key)
    has_list = False
    if isinstance(match, dict):
        names_key = _spelling(match, NAMES, (*path, match_key), found)
        has_list = names_key in match
        found += list_at(match, names_key, (*path, match_key))
    elif match is not None:
        found.append(BadPlace((*path, match_key), "must be a mapping"))
    for entry, here in mappings(chain, "filters", path, found):
        if entry.get("name") == CLIENTS_FILTER:
            found.append(ClientsPlace((*here, "typedConfig" if "typedConfig" in entry else "typed_config")))
    if not has_list and _forwards_within(chain):
        reason = f"forwards by SNI but has no {MATCH[0]}.{NAMES[0]}, so it would admit every name; add {_HOW}"
        found.append(BadPlace(path, reason))
    return has_list


def _default_chain(chain: Any, path: Path, found: Found) -> None:
    inner: Found = []
    _elsewhere(chain, path, inner)
    if inner:
        reason = (
            "is for the names of no other chain: Envoy ignores server_names in it, so it would admit every name; move "
            f"it to {_CHAINS[0]}, with {_HOW}"
        )
        found.append(BadPlace(path, reason))


def _elsewhere(node: Any, path: Path, found: Found) -> None:
    """Note what forwards, and what is a list that no proxy reads, where no filter chain can stand."""
    if isinstance(node, list):
        for index, child in enumerate(node):
            if isinstance(child, (dict, list)):
                _elsewhere(child, (*path, index), found)
    elif forwards(node):
        reason = (
            "forwards by SNI outside of a filter chain with a list, so it would admit every name; move it to the "
            f"filters of a chain in {_CHAINS[0]} (applyTo: LISTENER), with {_HOW}"
        )
        found.append(BadPlace(path, reason))
    elif isinstance(node, dict):
        for key, child in node.items():
            _field(key, child, path, found)


def _field(key: str, value: Any, path: Path, found: Found) -> None:
    if key in MATCH and isinstance(value, dict) and not value.keys().isdisjoint(NAMES):
        reason = (
            f"stands where Envoy reads none; move it to a chain in {_CHAINS[0]} (applyTo: LISTENER), or to a patch "
            "that adds the chain alone (applyTo: FILTER_CHAIN)"
        )
        found.append(BadPlace((*path, key), reason))
    elif isinstance(value, (dict, list)):
        _elsewhere(value, (*path, key), found)


def _spelling(holder: dict[str, Any], keys: Sequence[str], path: Path, found: Found) -> str:
    """The one of two `keys`, spellings of one field, that `holder` has; a fault where it has both."""
    snake, camel = keys
    if camel not in holder:
        return snake
    if snake in holder:
        reason = f"is the same field as {snake} beside it, and istiod reads this one alone; keep one of them"
        found.append(BadPlace((*path, camel), reason))
    return camel


def forwards(entry: Any) -> bool:
    """Whether `entry` names the filter that connects to whatever name the SNI holds: a filter, or its configuration."""
    if not isinstance(entry, dict):
        return False
    return _FORWARDER_NAME in str(entry.get("name")) or any(
        key in entry and FORWARDER in str(entry[key]) for key in _TYPES
    )


def _forwards_within(node: Any) -> bool:
    """Whether something in `node` forwards, at any depth."""
    if isinstance(node, list):
        return any(map(_forwards_within, node))
    return forwards(node) or (isinstance(node, dict) and any(map(_forwards_within, node.values())))
