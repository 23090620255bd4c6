"""A forwarder behind chains with lists: the one chain without a list that may forward; loaded when one does.

It stands in an internal listener, which no address leads to, and what leads there is checked to the last mention: the
listener by clusters of the same EnvoyFilter alone, those by filter chains with a list alone.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..manifest.edits import Path

_FIELDS = {
    *("name", "internal_listener", "per_connection_buffer_limit_bytes", "listener_filters_timeout", "listener_filters"),
    *("continue_on_listener_filters_timeout", "access_log", "filter_chains"),
}
"""What such a listener may have, in the spelling of base/: nothing else is looked at, so nothing else may stand."""
_IN_VALUE = 3  # configPatches, index, patch, value: where the value of a patch begins, from its index on


def is_behind(spec: dict[str, Any], path: Path) -> bool:
    """Whether the filter chain at `path` of an EnvoyFilter with this `spec` is reached through lists alone."""
    patches: Any = spec["configPatches"]
    patch = patches[path[2]]
    listener = _added(patch, "LISTENER")
    if listener is None or not listener.keys() <= _FIELDS or listener.get("internal_listener") != {}:
        return False
    chains = listener.get("filter_chains")
    if not isinstance(chains, list) or [one.keys() for one in chains] != [{"name", "filters"}]:
        return False
    name = listener.get("name")
    if not isinstance(name, str) or not name:
        return False
    clusters = set()
    for where in _mentions(patches, name, ()):
        cluster = _added(patches[where[0]], "CLUSTER")
        if cluster is not None and where[1:_IN_VALUE] == ("patch", "value"):
            clusters.add((where[0], cluster.get("name")))
        elif where != (path[2], "patch", "value", "name"):
            return False
    return bool(clusters) and all(_is_asked_by_lists(patches, index, cluster) for index, cluster in clusters)


def _is_asked_by_lists(patches: list[Any], index: Any, cluster: Any) -> bool:
    """Whether filter chains with a list, and nothing else, name the `cluster` that the patch at `index` adds."""
    asked = False
    for where in _mentions(patches, cluster, ()) if isinstance(cluster, str) and cluster else ():
        if where[0] == index:
            continue
        listener = _added(patches[where[0]], "LISTENER")
        if listener is None or where[1:4] != ("patch", "value", "filter_chains"):
            return False
        match = listener["filter_chains"][where[4]].get("filter_chain_match")
        names = match.get("server_names") if isinstance(match, dict) else None
        if not isinstance(names, list) or not names or "" in names:
            return False
        asked = True
    return asked


def _added(patch: Any, applies_to: str) -> dict[str, Any] | None:
    """What `patch` adds, where it adds one of this sort."""
    body = patch.get("patch") if isinstance(patch, dict) and patch.get("applyTo") == applies_to else None
    value = body.get("value") if isinstance(body, dict) and body.get("operation") == "ADD" else None
    return value if isinstance(value, dict) else None


def _mentions(node: Any, word: str, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Where the text `word` stands below `node`, or a text with it in: a listener's address may be longer."""
    if isinstance(node, str):
        if word in node:
            yield path
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _mentions(child, word, (*path, index))
    elif isinstance(node, dict):
        for key, child in node.items():
            yield from _mentions(child, word, (*path, key))
