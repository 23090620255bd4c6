"""The lines of a set by their port; loaded where a list has names at other ports than 443."""

from __future__ import annotations

from . import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def by_port(entries: Sequence[Entry]) -> dict[int, list[Entry]]:
    """`entries` by port, with names alone."""
    found: dict[int, list[Entry]] = {}
    for one in entries:
        if ":" in one.domain:
            part = Entry(one.domain.name, one.source, one.group, one.line, one.comment)
            found.setdefault(one.domain.port, []).append(part)
        else:
            found.setdefault(one.domain.port, []).append(one)
    return found
