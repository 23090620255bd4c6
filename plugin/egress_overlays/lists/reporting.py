"""Who is let through and reported where enforcement would refuse: `egress-overlays.dev/enforce: report`.

Loaded when something carries one of its annotations. Nothing here knows what day it is: `verify` judges the last one.
"""

from __future__ import annotations

from ..manifest.findings import Finding, fault_of
from ..manifest.nearness import did_you_mean
from ..manifest.resource import CLIENTS_ANNOTATION, ENFORCE_ANNOTATION, REPORT_UNTIL_ANNOTATION, Resource
from ..names.domain import ascii_quoted
from .clients import EVERYONE, Client, are_for
from .fields import fault_of_day

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

REPORT = "report"
EVERYBODY = frozenset((EVERYONE,))
"""Every workload of the mesh, whom an EnvoyFilter alone reports."""


class Reporting:
    """What reports, the list or EnvoyFilter `name`, for which `clients`, and until which day, as it is written.

    `source` is the resource that asks for it; None where it was read back from a gateway's rules.
    """

    __slots__ = ("clients", "name", "source", "until")

    def __init__(self, name: str, clients: frozenset[Client], until: str, source: Resource | None = None) -> None:
        self.name = name
        self.clients = clients
        self.until = until
        self.source = source

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reporting) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"Reporting({self.name!r}, {sorted(self.clients)}, {self.until!r})"

    @property
    def _key(self) -> tuple[str, frozenset[Client], str]:
        return self.name, self.clients, self.until

    def admits(self, client: Client) -> bool:
        """Whether the workload `client` is let through by it."""
        return are_for(self.clients, client)


def read(source: Resource, clients: frozenset[Client] | None) -> tuple[Reporting | None, list[Finding]]:
    """How `source`, which carries an annotation about it, reports for `clients`, and all faults of it.

    `clients` is None where the list is for every workload.
    """
    faults: list[Finding] = []

    def fault(message: str, annotation: str) -> None:
        faults.append(fault_of(source, message, "reporting", f"annotation {annotation}"))

    how = source.annotations.get(ENFORCE_ANNOTATION)
    until = source.annotations.get(REPORT_UNTIL_ANNOTATION)
    if how is None:
        fault(
            f"carries {REPORT_UNTIL_ANNOTATION} without {ENFORCE_ANNOTATION}: {REPORT}; write both, or neither, and "
            "the list is enforced",
            REPORT_UNTIL_ANNOTATION,
        )
        return None, faults
    if how != REPORT:
        fault(
            f"{ascii_quoted(str(how))} is no way to enforce a list; write {REPORT}, or remove the annotation, and the "
            f"list is enforced{did_you_mean(str(how), [REPORT])}",
            ENFORCE_ANNOTATION,
        )
    if clients is None:
        fault(
            f"is for every workload, and a list reports for its own clients alone; give it {CLIENTS_ANNOTATION}, or "
            f"have the platform write {ENFORCE_ANNOTATION}: {REPORT} on the EnvoyFilter, which reports for everybody",
            ENFORCE_ANNOTATION,
        )
    if until is None:
        fault(
            f"reports without a last day, and so for good; add {REPORT_UNTIL_ANNOTATION}: YYYY-MM-DD",
            REPORT_UNTIL_ANNOTATION,
        )
        return None, faults
    bad = fault_of_day(until)
    if bad:
        wanted = f"; write {bad[1]}" if bad[1] else "; write YYYY-MM-DD"
        fault(f"{ascii_quoted(str(until))} {bad[0]}{wanted}", REPORT_UNTIL_ANNOTATION)
    if faults or not clients:
        return None, faults
    return Reporting(source.name, clients, until, source), faults


def of_lists(
    sources: Sequence[Resource], clients: dict[Resource, frozenset[Client]]
) -> tuple[list[Reporting], list[Finding]]:
    """What of `sources` reports, and all faults; `clients` are those of the limited ones."""
    found, faults = [], []
    for source in sources:
        if ENFORCE_ANNOTATION in source.annotations or REPORT_UNTIL_ANNOTATION in source.annotations:
            one, bad = read(source, clients.get(source))
            faults += bad
            if one is not None:
                found.append(one)
    return found, faults


__all__ = ["EVERYBODY", "REPORT", "Reporting", "of_lists", "read"]
