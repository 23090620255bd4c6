"""Rows of `diff` that a reviewer reads as one: names that open or close alike on one list, with nothing to look at."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from ..names.public_suffix import registered
from ..review.rows import CLOSES, OPENS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FEWEST = 4
"""Fewer names than that stay rows of their own."""
_ALIKE = ("kind", "set", "list", "group", "clients", "comment", "file", "overlays", "commit")


def is_marked(row: dict[str, Any]) -> bool:
    """Whether a name deserves a look of its own: a wildcard, a risk, an end that is near, a rule that it breaks."""
    return bool(row["wildcard"] or row["risk"] or row["lifetime"] or "policy" in row)


def grouped(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """`rows`, those that are alike as one with all their names, at the place of the first; `lines` are its lines."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for at, row in enumerate(rows):
        is_plain = row["kind"] in (OPENS, CLOSES) and row["list"] and not is_marked(row)
        key = json.dumps([row[name] for name in _ALIKE]) if is_plain else str(at)
        groups.setdefault(key, []).append(row)
    found: list[dict[str, Any]] = []
    for alike in groups.values():
        found += alike if len(alike) < _FEWEST else [_one(alike)]
    return found


def outliers(names: Sequence[str], count: int) -> list[str]:
    """`count` of `names`: those whose registered domain the fewest others share come first."""
    domains = {name: registered(name.removeprefix("*.")) for name in names}
    shared = Counter(domains.values())
    return sorted(names, key=lambda name: shared[domains[name]])[:count]


def _one(alike: list[dict[str, Any]]) -> dict[str, Any]:
    lines = sorted(row["line"] for row in alike if row["line"])
    return {**alike[0], "names": [name for row in alike for name in row["names"]], "lines": lines}
