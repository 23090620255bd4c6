"""Changes to the value of a resource: paths, new values, and a copy that has them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Path = tuple["str | int", ...]
"""Leads to a field: `("spec", "tls", 0, "match", 1, "sniHosts")`."""

Edits = dict[Path, "Any"]
"""New values by path; None removes the key."""


def dotted(path: Path) -> str:
    """`path` as kubectl explains it: `spec.tls[0].match[1].sniHosts`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]


def edited(value: dict[str, Any], edits: Edits) -> dict[str, Any]:
    """A copy of `value` with `edits` made, sharing with it what they do not touch.

    Mappings on the way are added where they are missing or null; a path through a missing list is a KeyError.
    """
    result = dict(value)
    for path, new in edits.items():
        holder: Any = result
        for step in path[:-1]:
            child = holder[step] if isinstance(step, int) else holder.get(step) or {}
            # Copied each time: the few mappings on a path are small, and no state need be kept.
            child = dict(child) if isinstance(child, dict) else list(child)
            holder[step] = child
            holder = child
        if new is None:
            holder.pop(path[-1], None)
        else:
            holder[path[-1]] = new
    return result
