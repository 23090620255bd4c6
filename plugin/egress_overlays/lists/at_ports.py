"""The lines of a set by their port; loaded where a list has names at other ports than 443, or for plain HTTP.

A port of a set is for one protocol: sidecars have one listener for a port.
"""

from __future__ import annotations

from ..manifest.resource import ENFORCE_ANNOTATION
from . import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from ..manifest.findings import Finding
    from ..manifest.resource import Resource


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


def faults(entries: Sequence[Entry], denying: Sequence[Entry], limited: Container[Resource]) -> Iterator[Finding]:
    """What a list cannot hold of names for plain HTTP: each is refused, none passed over.

    `limited` are the lists for some clients.
    """
    http = {entry.domain.port for entry in entries if entry.domain.is_http}
    for entry, denies in (*((one, False) for one in entries), *((one, True) for one in denying)):
        port = entry.domain.port
        if not entry.domain.is_http:
            if port in http:
                message = f"is at port {port}, which is for plain HTTP in this set; a port is for one protocol"
                yield entry.remark(message, "port")
        elif denies:
            message = "is a denial for plain HTTP, which no gateway here can hold; list the names one by one"
            yield entry.remark(message, "port")
        elif entry.source in limited or ENFORCE_ANNOTATION in entry.source.annotations:
            message = (
                "is for plain HTTP in a list for some clients or one that reports, and the gateway asks nobody who "
                "they are there; put it into a list for every workload"
            )
            yield entry.remark(message, "port")
