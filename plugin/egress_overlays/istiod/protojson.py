"""Envoy configuration as JSON: one spelling of the keys, and merging as istiod merges.

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
        "map",  # of a matcher tree: exact_match_map, prefix_match_map
        "named_endpoints",
    }
)
# Fields of which a message has one at a time (`oneof`), where a patch may change which.
_ONE_OF = (("cluster", "weighted_clusters"), ("typed_config", "config_discovery"), ("cluster_type", "type"))


class TypeMismatch(ValueError):  # noqa: N818 - named after its concept
    """A message of one type cannot be merged into one of another; istiod panics there."""


def snake_name(name: str) -> str:
    """The name of a field in snake_case."""
    return _HUMP.sub("_", name).lower() if _CAMEL.fullmatch(name) else name


def snake(value: Any, *, keys_are_names: bool = False) -> Any:
    """A copy of `value` with every lowerCamelCase field in snake_case; protobuf's JSON accepts both."""
    if isinstance(value, list):
        return [snake(item) for item in value]
    if not isinstance(value, dict):
        return value
    copy = {}
    for key, child in value.items():
        name = str(key) if keys_are_names else snake_name(str(key))
        copy[name] = snake(child, keys_are_names=name in _MAPS and not keys_are_names)
    return copy


def merge(target: dict[str, Any], patch: dict[str, Any]) -> None:
    """Merge the message `patch` into `target` in place, as istiod's pkg/proto/merge does for the operation MERGE.

    Scalars replace, lists grow, messages merge; an entry of a map is replaced whole, and so is an Any, which is
    bytes there. A zero (0, false, "") is not set in protobuf, so that it replaces nothing. Raises TypeMismatch.
    """
    _make_room(target, patch)
    for key, value in patch.items():
        present = target.get(key)
        if isinstance(present, dict) and isinstance(value, dict):
            if key in _MAPS:
                present.update(deepcopy(value))
            elif "@type" in present or "@type" in value:
                target[key] = _replaced(present, value)
            else:
                merge(present, value)
        elif isinstance(present, list) and isinstance(value, list):
            present.extend(deepcopy(value))
        elif present is None or not (value is None or value in (0, "")):
            target[key] = deepcopy(value)


def _make_room(target: dict[str, Any], patch: dict[str, Any]) -> None:
    """Take out of `target` what `patch` has another member of the same oneof for."""
    for group in _ONE_OF:
        if any(name in patch for name in group):
            for name in group:
                if name not in patch:
                    target.pop(name, None)


def merge_any(target: dict[str, Any], patch: dict[str, Any]) -> None:
    """Merge the Any `patch` into the Any `target` in place, as istiod's MergeAnyWithAny: both of one type, unpacked."""
    if target.get("@type") != patch.get("@type"):
        raise TypeMismatch(f"{patch.get('@type')} into {target.get('@type')}")
    merge(target, {key: value for key, value in patch.items() if key != "@type"})


def _replaced(present: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """What an Any becomes: type and bytes are fields of their own, and no bytes replace none."""
    if set(value) == {"@type"}:
        if value != {"@type": present.get("@type")}:
            raise TypeMismatch(f"{value['@type']} over the bytes of {present.get('@type')}")
        return present
    return deepcopy(value)
