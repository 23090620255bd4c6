"""Lines that deny, `!name`: a hole in a wildcard of the same set; loaded where a list has one.

Within a set a denial wins, whatever else holds the name. So what a set lets through is what one of its lines admits
and none of its denials holds.
"""

from __future__ import annotations

from ..manifest.findings import ERROR, INFO, WARNING, Finding
from ..names.domain import HTTPS, Domain, InvalidDomain, ascii_quoted, covering, minimise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from ..manifest.resource import Resource
    from . import Entry


MARK = "!"


def domains(line: InvalidDomain) -> tuple[Domain, ...]:
    """The names that a `line` denies which admits none. Raises InvalidDomain."""
    if not line.text.startswith(MARK):
        raise line
    from ..names.ports import pairs

    name = line.text.removeprefix(MARK)
    try:
        found = pairs(name)
    except InvalidDomain as fault:
        proposal = MARK + fault.proposal if fault.proposal and ":" not in fault.proposal else ""
        accepted = fault.accepted.replace(f'"{fault.proposal}"', f'"{proposal}"') if proposal else fault.accepted
        raise InvalidDomain(line.text, fault.reason, accepted, proposal) from None
    if any(one.port != HTTPS for one in found):
        accepted = f"remove the line, or write {ascii_quoted(MARK + name.rpartition(':')[0])} for 443"
        raise InvalidDomain(line.text, "denies at another port than 443, which a list cannot yet", accepted)
    return found


class Denials:
    """What the `entries` of a set that deny take from the names that its lines admit.

    `names` are the patterns that are denied, least in number. `by` maps each admitted name that is wholly denied to
    what denies it, and `uncovered` each denial that stands in no wildcard to nothing that is admitted.
    """

    __slots__ = ("by", "covered", "entries", "names", "uncovered")

    def __init__(self, entries: Sequence[Entry], admitted: Sequence[Domain]) -> None:
        self.entries = entries
        wildcards = {domain for domain in admitted if domain.is_wildcard}
        self.uncovered = {entry.domain for entry in entries if covering(entry.domain, wildcards) is None}
        self.names, self.covered = minimise(entry.domain for entry in entries if entry.domain not in self.uncovered)
        denying = {name for name in self.names if name.is_wildcard}
        self.by: dict[Domain, Domain] = {}
        for domain in admitted:
            found = domain if domain in self.names else covering(domain, denying)
            if found is not None:
                self.by[domain] = found

    def findings(self, set_name: str, admitting: Sequence[Entry], limited: Container[Resource]) -> Iterator[Finding]:
        """What is to be said of each: that it denies nothing, or nothing more, and of the names that it wins over."""
        seen: set[Domain] = set()
        for entry in self.entries:
            if entry.source in limited:
                message = (
                    "stands in a list for some clients, which cannot deny yet; deny it in a list for every workload, "
                    "or list names in place of the wildcard"
                )
                yield _remark(entry, message, "denial", ERROR)
            elif entry.domain in self.uncovered:
                yield _remark(entry, _nowhere(entry, set_name, admitting), "denial", ERROR)
            elif entry.domain in self.covered:
                message = f'is covered by "{MARK}{self.covered[entry.domain]}" and left out of the manifests'
                yield _remark(entry, message, "covered", INFO)
            elif entry.domain in seen:
                yield _remark(entry, "stands more than once and is emitted once", "repeated", INFO)
            seen.add(entry.domain)
        for entry in admitting:
            if entry.domain in self.by:
                its = next(one for one in self.entries if one.domain == self.by[entry.domain])
                message = (
                    f'opens nothing: "{MARK}{its.domain}" ({its.source.title}, group {its.group}, line {its.line}) '
                    "denies it, and a denial wins within a set; remove one of the two lines"
                )
                yield _remark(entry, message, "denied", WARNING, mark="")


def _nowhere(entry: Entry, set_name: str, admitting: Sequence[Entry]) -> str:
    """Why a denial that stands in no wildcard cannot stand."""
    same = next((one for one in admitting if one.domain == entry.domain), None)
    if same is not None:
        return (
            f'denies all of "{same.domain}" ({same.source.title}, group {same.group}, line {same.line}), and no '
            "wildcard of the set holds it; remove both lines"
        )
    return (
        f"denies what the set {ascii_quoted(set_name)} does not open: no wildcard of it holds the name; remove the "
        "line, or list the wildcard above it"
    )


def _remark(entry: Entry, message: str, rule: str, severity: str, mark: str = MARK) -> Finding:
    return Finding(
        severity,
        f'"{mark}{entry.domain}" {message}',
        rule=rule,
        resource=entry.source,
        group=entry.group,
        line=entry.line,
        value=mark + entry.domain,
    )
