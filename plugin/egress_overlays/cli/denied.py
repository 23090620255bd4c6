"""What `check` says of a name that a line of its set denies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..names.domain import Domain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..rendered.reach import Verdict
    from ..rendered.rendered import Rendered


def lines(found: Rendered, verdicts: Sequence[Verdict], host: Domain) -> list[dict[str, Any]]:
    """The lines that deny `host` or a part of it, and what is denied without a line."""
    names = dict.fromkeys(name for verdict in verdicts if not verdict.allowed for name in verdict.holes)
    if not verdicts:
        names = dict.fromkeys(
            name for one in found.names for name in found.holes(one) if Domain(name).covers(host) or host.covers(name)
        )
    known = {
        entry.domain: found.where.entry(entry.source, entry.group, entry.line)
        for one in reversed(found.sets.values())
        for entry in (reversed(one.denials.entries) if one.denials is not None else ())
    }
    return [
        {
            "name": name,
            "file": known[name].file if name in known else None,
            "line": known[name].line if name in known else None,
        }
        for name in map(Domain, names)
    ]


def said(first: dict[str, Any], host: str) -> str:
    """That a line of the set denies `host`, or a part of it."""
    place = f" ({first['file']}:{first['line']})" if first["line"] else ""
    if Domain(first["name"]).covers(host):
        return f"!{first['name']}{place} denies it"
    return f"not all of it: !{first['name']}{place} denies a part"
