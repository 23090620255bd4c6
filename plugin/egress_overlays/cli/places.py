"""In which of several overlays a change is, in words: said of each part of a headline by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..review.rows import size

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 3  # overlays that are named


def places(mine: Sequence[str], of: Sequence[str]) -> str:
    """In which overlays: `mine` among all that there are, behind " in "; nothing where there is one alone."""
    if len(of) < 2:
        return ""
    if len(mine) == len(of):
        return f" in all {len(of)} overlays"
    return f" in {', '.join(mine[:_SHOWN])}" + (f" and {len(mine) - _SHOWN} more" if len(mine) > _SHOWN else "")


def counted_in(rows: Sequence[dict[str, Any]], of: Sequence[str]) -> str:
    """Where `rows` are, with how many names of them are where, unless all are in the same overlays."""
    counts: dict[tuple[str, ...], int] = {}
    for row in rows:
        where = tuple(row["overlays"])
        counts[where] = counts.get(where, 0) + size(row)
    if len(of) < 2 or len(counts) == 1:
        return places(next(iter(counts)), of)
    if len(counts) > _SHOWN:
        touched = {overlay for where in counts for overlay in where}
        return f" in {len(touched)} of {len(of)} overlays, not the same in each"
    return f" ({', '.join(f'{count}{places(where, of)}' for where, count in counts.items())})"
