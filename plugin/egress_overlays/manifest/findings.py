"""What a run has to say: findings, their order, and how they read."""

from __future__ import annotations

ERROR = "error"
WARNING = "warning"
INFO = "info"
_RANK = {ERROR: 0, WARNING: 1, INFO: 2}


class Finding:
    """One fault or remark: `severity`, `message`, and as much of its place as is known.

    `resource` is the Resource it concerns, `field` a dotted path in it, `group` and `line` (from 1)
    the place in a domains ConfigMap, `value` the text it quotes, `proposal` what may have been meant by it.
    """

    __slots__ = ("field", "group", "line", "message", "proposal", "resource", "rule", "severity", "value")

    def __init__(  # noqa: PLR0913 - a record; all but two are named where it is made
        self,
        severity: str,
        message: str,
        *,
        rule: str,
        resource: Resource | None = None,
        field: str = "",
        group: str = "",
        line: int = 0,
        value: str = "",
        proposal: str = "",
    ) -> None:
        self.severity = severity
        self.message = message
        self.rule = rule
        self.resource = resource
        self.field = field
        self.group = group
        self.line = line
        self.value = value
        self.proposal = proposal

    def __str__(self) -> str:
        return f"{self.severity}: {self.place}{self.message}"

    def __repr__(self) -> str:
        return f"Finding({str(self)!r})"

    @property
    def place(self) -> str:
        """Where it was found, for people: `file: Kind namespace/name, group "g", line 3: `."""
        parts = []
        if self.resource is not None:
            parts.append(self.resource.title)
        if self.group:
            parts.append(f'group "{ascii(self.group)[1:-1]}"')
        if self.line:
            parts.append(f"line {self.line}")
        if self.field:
            parts.append(self.field)
        return ", ".join(parts) + ": " if parts else ""


def fault_of(resource: Resource, message: str, rule: str, field: str = "") -> Finding:
    """An error about a whole resource, or about one `field` of it."""
    return Finding(ERROR, message, rule=rule, resource=resource, field=field)


def ordered(findings: list[Finding]) -> list[Finding]:
    """The findings with the gravest first, each severity in the order in which it was found."""
    return sorted(findings, key=lambda finding: _RANK[finding.severity])


def bounded(findings: list[Finding], most: int = 300) -> list[Finding]:
    """The findings, of each rule at most `most`, and then one that counts the others of that rule."""
    if len(findings) <= most:
        return findings
    counts: dict[tuple[str, str], int] = {}
    kept = []
    for finding in findings:
        kind = finding.severity, finding.rule
        counts[kind] = counts.get(kind, 0) + 1
        if counts[kind] <= most:
            kept.append(finding)
    for (severity, rule), count in counts.items():
        if count > most:
            kept.append(Finding(severity, f"and {count - most:,} more of this kind ({rule})", rule=rule))
    return ordered(kept)


def has_errors(findings: list[Finding]) -> bool:
    """Whether one of them forbids an output."""
    return any(finding.severity == ERROR for finding in findings)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from .resource import Resource
