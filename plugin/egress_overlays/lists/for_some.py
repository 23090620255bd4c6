"""The lists that are for some clients, as their annotations say; loaded where there is one."""

from __future__ import annotations

from ..manifest.resource import CLIENTS_ANNOTATION, ENFORCE_ANNOTATION, REPORT_UNTIL_ANNOTATION
from . import clients

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..manifest.findings import Finding
    from ..manifest.resource import Resource
    from .reporting import Reporting


def read(
    sources: Sequence[Resource], findings: list[Finding]
) -> tuple[dict[Resource, frozenset[clients.Client]], Sequence[Reporting]]:
    """Those of `sources` that are limited to clients, with these, and what reports; faults go to `findings`."""
    limited = {}
    for source in sources:
        if CLIENTS_ANNOTATION in source.annotations:
            limited[source], faults = clients.read(source)
            findings += faults
    if not any(ENFORCE_ANNOTATION in one.annotations or REPORT_UNTIL_ANNOTATION in one.annotations for one in sources):
        return limited, ()
    from .reporting import of_lists

    reporting, faults = of_lists(sources, limited)
    findings += faults
    return limited, reporting
