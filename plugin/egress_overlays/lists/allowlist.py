"""Domains ConfigMaps to sets: groups, provenance, and the effective list that is emitted."""

from __future__ import annotations

from ..manifest.findings import ERROR, Finding, fault_of, has_errors
from ..manifest.resource import (
    CLIENTS_ANNOTATION,
    DEFAULT_SET,
    ENFORCE_ANNOTATION,
    REPORT_UNTIL_ANNOTATION,
    SET_LABEL,
    Resource,
)
from ..names import parse
from ..names.domain import HTTPS, PLACEHOLDER, Domain, InvalidDomain, ascii_quoted, minimise
from . import Entry, unread
from .remarks import about

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .clients import Client, Limits
    from .denials import Denials
    from .reporting import Reporting

# Longer lines are no names (RFC 1035 allows 253 octets); what stands in them is not worth parsing.
_LONGEST_LINE = 4096


class AllowSet:
    """The list of one set: `entries` as they were written, `hosts` as they are emitted.

    `hosts` is never empty: a list that is allowed to be empty holds the placeholder, which admits
    nothing, since Envoy takes an empty `server_names` for "every name". `covered` maps each name
    left out to the one that opens it already. `clients` holds the clients of each source that is
    limited to some, and `limits` who may reach what then; None where every list is for all. `ports` are the ports
    of its names but 443. `reporting`: who is let through and reported where the lists would refuse.
    """

    __slots__ = (
        *("_named", "_parts", "clients", "covered", "denials", "entries", "hosts", "limits", "name", "ports"),
        *("reporting", "sources"),
    )

    def __init__(  # noqa: PLR0913 - a value, made in four places
        self,
        name: str,
        sources: Sequence[Resource],
        entries: Sequence[Entry],
        clients: dict[Resource, frozenset[Client]],
        denials: Sequence[Entry] = (),
        *,
        reporting: Sequence[Reporting] = (),
    ) -> None:
        self.name = name
        self.sources = sources
        self.entries = entries
        self.clients = clients
        self.reporting = tuple(reporting)
        self._named: dict[str, list[Entry]] = {}
        self.ports = tuple(sorted({entry.domain.port for entry in entries if ":" in entry.domain}))
        self._parts: dict[int, AllowSet] = {}
        self.limits: Limits | None = None
        self.denials: Denials | None = None
        admitting = entries
        if denials:
            from .denials import Denials

            self.denials = Denials(denials, [entry.domain for entry in entries])
            admitting = [entry for entry in entries if entry.domain not in self.denials.by]
        kept, self.covered = minimise(entry.domain for entry in admitting if entry.source not in clients)
        if clients:
            from .clients import Limits, asked

            limited = [entry for entry in admitting if entry.source in clients]
            self.limits = Limits(
                kept,
                asked((entry.domain, clients[entry.source]) for entry in limited),
                frozenset(client.namespace for one in reporting for client in one.clients),
            )
            kept = tuple(sorted((*kept, *self.limits.limited)))
            self.covered |= self.limits.left_out
        self.hosts: tuple[str, ...] = kept or (PLACEHOLDER,)

    def __repr__(self) -> str:
        return f"AllowSet({self.name!r}, {len(self.hosts)} hosts{', some for clients alone' if self.clients else ''})"

    def at(self, port: int) -> AllowSet:
        """The part of it that is for `port`, of names alone; itself where all of it is."""
        if not self.ports:
            return self
        if not self._parts:
            by_port: dict[int, list[Entry]] = {HTTPS: [], **{one: [] for one in self.ports}}
            for one in self.entries:
                name, _, written = one.domain.partition(":")
                part = by_port[int(written) if written else HTTPS]
                part.append(Entry(Domain(name), one.source, one.group, one.line, one.comment) if written else one)
            for number, entries in by_port.items():
                denials = self.denials.entries if self.denials is not None and number == HTTPS else ()
                self._parts[number] = AllowSet(
                    self.name, self.sources, entries, self.clients, denials, reporting=self.reporting
                )
        return self._parts.get(port) or AllowSet(self.name, self.sources, (), self.clients)

    def reported_by(self, one: Reporting) -> AllowSet:
        """The same set with `one` among those who report."""
        denials = self.denials.entries if self.denials is not None else ()
        reporting = (*self.reporting, one)
        return AllowSet(self.name, self.sources, self.entries, self.clients, denials, reporting=reporting)

    def is_for_all(self, name: Domain | None) -> bool:
        """Whether `name` is emitted for every workload, limits or none."""
        return self.limits is not None and name in self.limits.shared

    def cover_of(self, entry: Entry) -> Domain | None:
        """What opens the name of `entry` already, so that its line changes nothing; None where nothing does."""
        cover = self.covered.get(entry.domain)
        return None if cover == entry.domain and entry.source not in self.clients else cover

    @property
    def denied(self) -> tuple[Domain, ...]:
        """What is refused although a wildcard of `hosts` stands for it, least in number."""
        return self.denials.names if self.denials is not None else ()

    def denies(self, name: Domain) -> bool:
        """Whether nothing of what `name` stands for is let through, since a denial holds all of it."""
        return any(one.covers(name) for one in self.denied)

    def clients_of(self, host: Domain) -> frozenset[Client] | None:
        """The clients of all lists that stand for `host`, None if one of these is for every workload."""
        if not self._named:
            for entry in self.entries:
                self._named.setdefault(entry.domain, []).append(entry)
        found: frozenset[Client] = frozenset()
        for name in {str(host), *(f"*{host[at:]}" for at, char in enumerate(host) if char == ".")}:
            for entry in self._named.get(name, ()):
                if entry.source not in self.clients:
                    return None
                found |= self.clients[entry.source]
        return found

    def covering(self, host: str) -> Entry | None:
        """The first entry, in the order of the sources, that admits the lower-case name `host`; a denial wins."""
        if any(name.matches(host) for name in self.denied):
            return None
        return next((entry for entry in self.entries if entry.domain.matches(host)), None)


def read(sources: Sequence[Resource]) -> tuple[dict[str, AllowSet], list[Finding]]:
    """The sets that `sources` declare together, by name, and all faults of all of them.

    A ConfigMap without the set label belongs to the set `default` (only a functionConfig can be one).
    A set whose list is empty is a fault unless one of its ConfigMaps allows it.
    """
    findings: list[Finding] = []
    members: dict[str, list[Resource]] = {}
    for source in sources:
        findings += unread.faults(source)
        members.setdefault(set_of(source), []).append(source)
    sets = {}
    for name, group in members.items():
        before = len(findings)
        denials: list[Entry] = []
        entries = [entry for source in group for entry in _entries(source, findings, denials)]
        clients = _clients(group, findings)
        reporting = _reporting(group, clients, findings)
        sets[name] = allowed = AllowSet(name, group, entries, clients, denials, reporting=reporting)
        findings += about(allowed, refused=has_errors(findings[before:]))
        findings += allowed.denials.findings(name, entries, allowed.clients) if allowed.denials else ()
    return sets, findings


def set_of(source: Resource) -> str:
    """The set that a domains ConfigMap adds to."""
    found = source.labels.get(SET_LABEL, DEFAULT_SET)
    return found if isinstance(found, str) else str(found)


def _clients(sources: Sequence[Resource], findings: list[Finding]) -> dict[Resource, frozenset[Client]]:
    """The sources that are limited to clients, with these; faults go to `findings`."""
    limited = {}
    for source in sources:
        if CLIENTS_ANNOTATION in source.annotations:
            from .clients import read as read_clients

            limited[source], faults = read_clients(source)
            findings += faults
    return limited


def _reporting(
    sources: Sequence[Resource], clients: dict[Resource, frozenset[Client]], findings: list[Finding]
) -> Sequence[Reporting]:
    """What of `sources` reports where it would refuse; faults go to `findings`."""
    if not any(ENFORCE_ANNOTATION in one.annotations or REPORT_UNTIL_ANNOTATION in one.annotations for one in sources):
        return ()
    from .reporting import of_lists

    reporting, faults = of_lists(sources, clients)
    findings += faults
    return reporting


def _entries(source: Resource, findings: list[Finding], denials: list[Entry]) -> Iterator[Entry]:
    """The entries of one ConfigMap; what cannot be read goes to `findings`, what denies to `denials`."""
    data = source.value.get("data")
    if data is None:
        return
    if not isinstance(data, dict):
        findings.append(fault_of(source, "data must map groups to text", "data-type", "data"))
        return
    for group in sorted(data, key=str):
        text = data[group]
        if not isinstance(text, str) or not isinstance(group, str):
            findings.append(_not_text(source, group, text))
            continue
        if not group.isascii() or not group.replace("-", "").replace("_", "").replace(".", "").isalnum():
            findings.append(
                fault_of(
                    source,
                    f"{ascii_quoted(group)} is no key of a ConfigMap; use letters, digits, '-', '_' and '.'",
                    "group-name",
                )
            )
        yield from _lines(source, group, text, findings, denials)


def _not_text(source: Resource, group: object, value: object) -> Finding:
    from ..names.refusals import no_text

    return Finding(ERROR, no_text(value), rule="data-type", resource=source, group=str(group))


def _lines(source: Resource, group: str, text: str, findings: list[Finding], denials: list[Entry]) -> Iterator[Entry]:
    # split() and not splitlines(): the latter also breaks at U+2028 and other characters that
    # nobody sees, where a reviewer would read one line.
    said_of: Callable[..., Iterator[Finding]] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        name, _, comment = line.partition("#") if "#" in line else (line, "", "")
        # Only what an editor leaves behind is stripped; other white space is refused, see `refusals`.
        name = name.strip(" \t\r")
        if comment:
            comment = comment.strip(" \t\r")
            if "=" in comment.partition(" ")[0] or not comment.isprintable():
                if said_of is None:
                    from .comments import are_plain, faults

                    said_of = faults
                if not (name and comment.isprintable() and are_plain(comment)):
                    findings += said_of(source, group, number, comment, has_name=bool(name))
        if not name:
            continue
        if len(name) > _LONGEST_LINE:
            fault = InvalidDomain(name, f"is a line of {len(name)} characters", "write one name a line")
            findings.append(_invalid(source, group, number, fault))
            continue
        try:
            parsed = parse(name) if ":" not in name else _pairs(name)
        except InvalidDomain as fault:
            denials += _denied(fault, Entry(Domain(), source, group, number, comment), findings)
            continue
        for domain in parsed:
            yield Entry(domain, source, group, number, comment)


def _pairs(line: str) -> tuple[Domain, ...]:
    from ..names.ports import pairs

    return pairs(line)


def _denied(fault: InvalidDomain, line: Entry, findings: list[Finding]) -> list[Entry]:
    """What a `line` that admits nothing denies; `fault` says why it admits nothing, and goes to `findings` else."""
    try:
        from .denials import domains

        return [Entry(domain, line.source, line.group, line.line, line.comment) for domain in domains(fault)]
    except InvalidDomain as refused:
        findings.append(_invalid(line.source, line.group, line.line, refused))
        return []


def _invalid(source: Resource, group: str, line: int, fault: InvalidDomain) -> Finding:
    return Finding(
        ERROR,
        str(fault),
        rule="domain",
        resource=source,
        group=group,
        line=line,
        value=fault.text[:300],
        proposal=fault.proposal,
    )
