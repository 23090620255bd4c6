"""What `check` says of a name that a line of its set denies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..lists.clients import are_for
from ..names.domain import Domain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..lists.clients import Client
    from ..rendered.reach import Verdict
    from ..rendered.rendered import Rendered


def lines(
    found: Rendered, verdicts: Sequence[Verdict], host: Domain, client: Client | None = None
) -> list[dict[str, Any]]:
    """The lines that deny `host` or a part of it, and what is denied without a line; for `client`, those of its lists.

    Without a client what some lists deny for themselves counts where nobody is left.
    """
    names = dict.fromkeys(name for verdict in verdicts if not verdict.allowed for name in verdict.holes)
    if not verdicts:
        names = dict.fromkeys(
            name for one in found.names for name in found.holes(one) if Domain(name).covers(host) or host.covers(name)
        )
    known = {
        entry.domain: found.where.entry(entry.source, entry.group, entry.line)
        for one in reversed(found.sets.values())
        for entry in reversed(one.denying)
        if client is None or are_for(one.clients.get(entry.source), client)
    }
    others = {entry.domain for one in found.sets.values() for entry in one.denying} - known.keys()
    return [
        {
            "name": name,
            "file": known[name].file if name in known else None,
            "line": known[name].line if name in known else None,
        }
        for name in map(Domain, names)
        if name not in others
    ]


def said(first: dict[str, Any], host: str) -> str:
    """That a line of the set denies `host`, or a part of it."""
    place = f" ({first['file']}:{first['line']})" if first["line"] else ""
    if Domain(first["name"]).covers(host):
        return f"!{first['name']}{place} denies it"
    return f"not all of it: !{first['name']}{place} denies a part"
