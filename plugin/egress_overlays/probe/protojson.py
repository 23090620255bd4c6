"""Envoy configuration as JSON: one spelling of the keys, and merging as protobuf merges.

Both on plain dictionaries: generated protobuf classes would know the fields of their own version
only, and the probe has to pass on what the Envoy under test knows.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

_CAMEL = re.compile(r"[a-z0-9]+(?:[A-Z][a-z0-9]*)+")
_HUMP = re.compile(r"(?<!^)(?=[A-Z])")
# Below these fields keys are names that somebody chose, not names of fields.
_MAPS = frozenset(
    {
        "policies",
        "filter_metadata",
        "typed_filter_metadata",
        "typed_extension_protocol_options",
        "json_format",
        "typed_json_format",
        "exact_match_map",
        "prefix_match_map",
    }
)
# Fields of which a message has one at a time (`oneof`), where a patch may change which.
_ONE_OF = (("cluster", "weighted_clusters"), ("typed_config", "config_discovery"), ("cluster_type", "type"))


def snake(value: Any, *, keys_are_names: bool = False) -> Any:
    """A copy of `value` with every lowerCamelCase field in snake_case; protobuf's JSON accepts both."""
    if isinstance(value, list):
        return [snake(item) for item in value]
    if not isinstance(value, dict):
        return value
    copy = {}
    for key, child in value.items():
        name = str(key)
        if not keys_are_names and _CAMEL.fullmatch(name):
            name = _HUMP.sub("_", name).lower()
        copy[name] = snake(child, keys_are_names=name in _MAPS and not keys_are_names)
    return copy


def merge(target: dict[str, Any], patch: dict[str, Any]) -> None:
    """Merge `patch` into `target` in place: scalars replace, lists grow, messages merge.

    As proto.Merge, which istiod uses for the operation MERGE. The type of an Any stays the
    target's, as in istiod (pilot/pkg/networking/core/envoyfilter, patchNetworkFilter).
    """
    for group in _ONE_OF:
        if any(name in patch for name in group):
            for name in group:
                if name not in patch:
                    target.pop(name, None)
    for key, value in patch.items():
        present = target.get(key)
        if isinstance(present, dict) and isinstance(value, dict):
            merge(present, value)
        elif isinstance(present, list) and isinstance(value, list):
            present.extend(deepcopy(value))
        elif key != "@type" or key not in target:
            target[key] = deepcopy(value)
