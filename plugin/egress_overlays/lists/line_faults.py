"""What is said of a line that opens nothing: what it denies, or why it cannot be read; loaded where there is one."""

from __future__ import annotations

from ..manifest.findings import ERROR, Finding
from ..names import refusals
from ..names.domain import InvalidDomain
from . import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..manifest.resource import Resource


def no_text(source: Resource, group: object, value: object) -> Finding:
    """A group that holds `value`, which is no text."""
    return Finding(ERROR, refusals.no_text(value), rule="data-type", resource=source, group=str(group))


def invalid(line: Entry, fault: InvalidDomain) -> Finding:
    """A line whose text stands for nothing, as `fault` says."""
    return Finding(
        ERROR,
        str(fault),
        rule="domain",
        resource=line.source,
        group=line.group,
        line=line.line,
        value=fault.text[:300],
        proposal=fault.proposal,
    )


def denied(fault: InvalidDomain, line: Entry, findings: list[Finding]) -> list[Entry]:
    """What a `line` that admits nothing denies; `fault` says why it admits nothing, and goes to `findings` else."""
    try:
        from .denials import domains

        return [Entry(domain, line.source, line.group, line.line, line.comment) for domain in domains(fault)]
    except InvalidDomain as refused:
        findings.append(invalid(line, refused))
        return []
