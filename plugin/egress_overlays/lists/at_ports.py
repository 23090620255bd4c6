"""The lines of a set by their port; loaded where a list has names at other ports than 443, or for plain HTTP.

A port of a set is for one protocol: sidecars have one listener for a port.
"""

from __future__ import annotations

from . import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..manifest.findings import Finding


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


def faults(entries: Sequence[Entry], denying: Sequence[Entry]) -> Iterator[Finding]:
    """What is at a port that is for plain HTTP, and is for TLS itself."""
    http = {entry.domain.port for entry in entries if entry.domain.is_http}
    for entry in (*entries, *denying):
        port = entry.domain.port
        if port in http and not entry.domain.is_http:
            message = f"is at port {port}, which is for plain HTTP in this set; a port is for one protocol"
            yield entry.remark(message, "port")
