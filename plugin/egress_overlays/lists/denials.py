"""Lines that deny, `!name`: a hole in a wildcard of the same set; loaded where a list has one.

Within a set a denial wins, whatever else holds the name. So what a set lets through is what one of its lines admits
and none of its denials holds.
"""

from __future__ import annotations

from ..manifest.findings import ERROR, INFO, WARNING, Finding
from ..names.domain import Domain, InvalidDomain, ascii_quoted, covering, minimise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from . import Entry


MARK = "!"


def domains(line: InvalidDomain) -> tuple[Domain, ...]:
    """The names that a `line` denies which admits none. Raises InvalidDomain."""
    if not line.text.startswith(MARK):
        raise line
    from ..names.ports import pairs

    name = line.text.removeprefix(MARK)
    try:
        return pairs(name)
    except InvalidDomain as fault:
        proposal = fault.proposal and MARK + fault.proposal
        accepted = fault.accepted.replace(f'"{fault.proposal}"', f'"{proposal}"') if proposal else fault.accepted
        raise InvalidDomain(line.text, fault.reason, accepted, proposal) from None


class Denials:
    """What the `entries` of a set that deny take from the names that its lines admit.

    `names` are the patterns that are denied, least in number. `by` maps each admitted name that is wholly denied to
    what denies it, and `uncovered` each denial that stands in no wildcard to nothing that is admitted.
    """

    __slots__ = ("_wildcards", "by", "covered", "entries", "names", "uncovered")

    def __init__(self, entries: Sequence[Entry], admitted: Sequence[Domain]) -> None:
        self.entries = entries
        wildcards = {domain for domain in admitted if domain.is_wildcard}
        self.uncovered = {entry.domain for entry in entries if covering(entry.domain, wildcards) is None}
        kept, self.covered = minimise(entry.domain for entry in entries if entry.domain not in self.uncovered)
        self.names = dict.fromkeys(kept)
        self._wildcards = {name for name in self.names if name.is_wildcard}
        self.by: dict[Domain, Domain] = {}
        for domain in admitted:
            found = self.denier(domain)
            if found is not None:
                self.by[domain] = found

    def denier(self, domain: Domain) -> Domain | None:
        """What denies all that `domain` stands for; None where nothing does."""
        return domain if domain in self.names else covering(domain, self._wildcards)

    def findings(self, set_name: str | None, admitting: Sequence[Entry]) -> Iterator[Finding]:
        """What is to be said of each: that it denies nothing, or nothing more, and of the names that it wins over.

        `set_name` None: they are those of one list, and take from that alone.
        """
        seen: set[Domain] = set()
        for entry in self.entries:
            if "allow=" in entry.comment and entry.fields.allow:
                message = "denies, so that there is nothing to accept; remove allow= from its comment"
                yield entry.remark(message, "field", ERROR, MARK)
            if entry.domain in self.uncovered:
                yield entry.remark(_nowhere(entry, set_name, admitting), "denial", ERROR, MARK)
            elif entry.domain in self.covered:
                message = f'is covered by "{MARK}{self.covered[entry.domain]}" and left out of the manifests'
                yield entry.remark(message, "covered", INFO, MARK)
            elif entry.domain in seen:
                yield entry.remark("stands more than once and is emitted once", "repeated", INFO, MARK)
            seen.add(entry.domain)
        for entry in admitting:
            if entry.domain in self.by:
                its = next(one for one in self.entries if one.domain == self.by[entry.domain])
                message = (
                    f'opens nothing: "{MARK}{its.domain}" ({its.source.title}, group {its.group}, line {its.line}) '
                    f"denies it, and a denial wins within a {'list' if set_name is None else 'set'}; remove one of the "
                    "two lines"
                )
                yield entry.remark(message, "denied", WARNING)


def _nowhere(entry: Entry, set_name: str | None, admitting: Sequence[Entry]) -> str:
    """Why a denial that stands in no wildcard cannot stand."""
    same = next((one for one in admitting if one.domain == entry.domain), None)
    where = f"the set {ascii_quoted(set_name)}" if set_name is not None else "its list"
    if same is not None:
        return (
            f'denies all of "{same.domain}" ({same.source.title}, group {same.group}, line {same.line}), and no '
            f"wildcard of the {'list' if set_name is None else 'set'} holds it; remove both lines"
        )
    alone = " (a list for some clients denies for itself alone)" if set_name is None else ""
    return (
        f"denies what {where} does not open: no wildcard of it holds the name{alone}; remove the line, or list the "
        "wildcard above it"
    )
