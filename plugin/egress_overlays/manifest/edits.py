"""Changes to the value of a resource: paths and new values."""

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
