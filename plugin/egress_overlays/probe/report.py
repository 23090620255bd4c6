"""What a probe has found: one result a connection, in one report."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..lists.clients import Client
from .cases import Case
from .hosts import ALLOW
from .targets import Target

REACHED = "reached"
REFUSED = "refused"
TRIED = "tried"


@dataclass(frozen=True)
class Result:
    """What happened to one case.

    `client`: who asked, "" where it showed no identity. `outcome`: REACHED, REFUSED, or TRIED (to connect to what it
    should not; nothing answered there). `rule`: what decided, in filter chain `chain`; `upstream`: the address that
    was connected to, "" for none. `attempted`: a connection was opened or tried, even if no byte passed; `logged`: the
    gateway's own access log has a line with the name, where one was sent, and the reason, where Envoy gives one.
    """

    target: Target
    case: Case
    client: str
    outcome: str
    chain: str
    rule: str
    upstream: str
    attempted: bool
    logged: bool

    @property
    def as_expected(self) -> bool:
        """Whether what is allowed was reached, and what is not was refused."""
        return self.outcome == (REACHED if self.case.expected == ALLOW else REFUSED)


@dataclass
class Report:
    """The results of a probe, target by target, each in the order of its cases.

    `clients`: who asked, where a case does not say otherwise; one for all targets, but where nobody said who.
    """

    targets: list[Target]
    envoy: str
    results: list[Result] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)

    @property
    def workload(self) -> str:
        """The titles of what was tried, with the ports where a workload has several."""
        ports: dict[str, list[str]] = {}
        for target in self.targets:
            ports.setdefault(target.workload.title, []).append(str(target.port))
        return ", ".join(
            f"{title} (ports {', '.join(found)})" if len(found) > 1 else title for title, found in ports.items()
        )

    @property
    def differing(self) -> list[Result]:
        """The results that are not as expected."""
        return [result for result in self.results if not result.as_expected]
