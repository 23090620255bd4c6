"""Domains ConfigMaps to sets: groups, provenance, and the effective list that is emitted."""

from __future__ import annotations

from ..manifest.findings import Finding, fault_of, has_errors
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

    from .clients import Client
    from .denials import Denials
    from .limited_denials import Holes
    from .limits import Limits
    from .reporting import Reporting

# Longer lines are no names (RFC 1035 allows 253 octets); what stands in them is not worth parsing.
_LONGEST_LINE = 4096
_FOR_SOME = (CLIENTS_ANNOTATION, ENFORCE_ANNOTATION, REPORT_UNTIL_ANNOTATION)


class AllowSet:
    """The list of one set: `entries` as they were written, `hosts` as they are emitted.

    `hosts` is never empty: a list that is allowed to be empty holds the placeholder, which admits
    nothing, since Envoy takes an empty `server_names` for "every name". `covered` maps each name
    left out to the one that opens it already. `clients` holds the clients of each source that is
    limited to some, and `limits` who may reach what then; None where every list is for all. `ports` are the ports
    of its names by TLS but 443, `http` those of its names by plain HTTP. `denying` are the lines that deny, `denials`
    what those of lists for every workload say. `reporting`: who is let through and reported where lists would refuse.
    """

    __slots__ = (
        *("_named", "_parts", "clients", "covered", "denials", "denying", "entries", "hosts", "http", "limits", "name"),
        *("ports", "reporting", "sources"),
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
        # Ports are few beside names: one name of each says which there are.
        beyond = {one.domain.partition(":")[2]: one.domain for one in entries if ":" in one.domain}.values()
        self.http = tuple(sorted(one.port for one in beyond if one.is_http))
        self.ports = tuple(sorted(one.port for one in beyond if not one.is_http))
        self._parts: dict[int, AllowSet] = {}
        self.limits: Limits | None = None
        self.denials: Denials | None = None
        admitting = entries
        self.denying = denials
        own = [entry for entry in denials if entry.source in clients]
        if len(own) < len(denials):
            from .denials import Denials

            set_wide = [entry for entry in denials if entry.source not in clients]
            self.denials = Denials(set_wide, [entry.domain for entry in entries])
            admitting = [entry for entry in entries if entry.domain not in self.denials.by]
        kept, self.covered = minimise(entry.domain for entry in admitting if entry.source not in clients)
        if clients:
            from .limits import Limits, asked

            limited = [entry for entry in admitting if entry.source in clients]
            holes = None
            if own:
                from .limited_denials import Holes

                holes = Holes(own, clients, entries, (kept, self.denials))
                limited = [entry for entry in limited if not holes.denies(entry.source, entry.domain)]
            self.limits = Limits(
                kept,
                asked((entry.domain, clients[entry.source]) for entry in limited),
                frozenset(client.namespace for one in reporting for client in one.clients),
                holes,
            )
            kept = tuple(sorted((*kept, *self.limits.limited)))
            self.covered |= self.limits.left_out
        self.hosts: tuple[str, ...] = kept or (PLACEHOLDER,)

    def __repr__(self) -> str:
        return f"AllowSet({self.name!r}, {len(self.hosts)} hosts{', some for clients alone' if self.clients else ''})"

    def at(self, port: int) -> AllowSet:
        """The part of it that is for `port`, of names alone; itself where all of it is."""
        if port == HTTPS and not (self.ports or self.http):
            return self
        if not self._parts:
            from .at_ports import by_port

            listed, denied = by_port(self.entries), by_port(self.denying)
            for number in (HTTPS, *self.ports, *self.http):
                entries, denials = listed.get(number, ()), denied.get(number, ())
                # By plain HTTP clients are asked who they are where a list for some has such a name.
                asks = number not in self.http or any(one.source in self.clients for one in (*entries, *denials))
                some = self.clients if asks else {}
                self._parts[number] = AllowSet(
                    self.name, self.sources, entries, some, denials, reporting=self.reporting
                )
        return self._parts.get(port) or AllowSet(self.name, self.sources, (), {})

    def reported_by(self, one: Reporting) -> AllowSet:
        """The same set with `one` among those who report."""
        reporting = (*self.reporting, one)
        return AllowSet(self.name, self.sources, self.entries, self.clients, self.denying, reporting=reporting)

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
        return tuple(self.denials.names) if self.denials is not None else ()

    def denies(self, name: Domain) -> bool:
        """Whether nothing of what `name` stands for is let through, since a denial holds all of it."""
        return self.denials is not None and self.denials.denier(name) is not None

    @property
    def holes(self) -> Holes | None:
        """What lists for some clients deny, each for itself; None where none does."""
        return self.limits.holes if self.limits is not None else None

    def denier_of(self, entry: Entry, name: Domain | None = None) -> Domain | None:
        """What denies all of `name`, or of the entry's own name, to whom the line `entry` is for."""
        name = entry.domain if name is None else name
        found = self.denials.denier(name) if self.denials is not None else None
        if found is None and self.holes is not None and entry.source in self.holes.of:
            found = self.holes.of[entry.source].denier(name)
        return found

    def is_emitted(self, entry: Entry) -> bool:
        """Whether the line `entry` opens what no other one does."""
        return self.cover_of(entry) is None and (not self.denying or self.denier_of(entry) is None)

    def clients_of(self, host: Domain) -> frozenset[Client] | None:
        """The clients of all lists that stand for `host`, None if one of these is for every workload."""
        if not self._named:
            for entry in self.entries:
                self._named.setdefault(entry.domain, []).append(entry)
        found: frozenset[Client] = frozenset()
        for name in {str(host), *(f"*{host[at:]}" for at, char in enumerate(host) if char == ".")}:
            for entry in self._named.get(name, ()):
                if self.denying and self.denier_of(entry, host):
                    continue
                if entry.source not in self.clients:
                    return None
                found |= self.clients[entry.source]
        return found

    def covering(self, host: str) -> Entry | None:
        """The first entry, in the order of the sources, that admits the lower-case name `host`; a denial wins."""
        for entry in self.entries:
            if entry.domain.matches(host) and not (self.denying and self.denier_of(entry, Domain(host))):
                return entry
        return None


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
        clients, reporting = _for_some(group, findings)
        sets[name] = allowed = AllowSet(name, group, entries, clients, denials, reporting=reporting)
        if allowed.http:
            from .at_ports import faults

            findings += faults(entries, denials)
        findings += about(allowed, refused=has_errors(findings[before:]))
        findings += allowed.denials.findings(name, entries) if allowed.denials else ()
        if allowed.holes is not None and allowed.limits is not None:
            findings += allowed.holes.findings(entries, allowed.limits.shared)
    return sets, findings


def set_of(source: Resource) -> str:
    """The set that a domains ConfigMap adds to."""
    found = source.labels.get(SET_LABEL, DEFAULT_SET)
    return found if isinstance(found, str) else str(found)


def _for_some(
    sources: Sequence[Resource], findings: list[Finding]
) -> tuple[dict[Resource, frozenset[Client]], Sequence[Reporting]]:
    """The sources that are for some clients, with these, and what of them reports; faults go to `findings`."""
    if not any(key in one.annotations for one in sources for key in _FOR_SOME):
        return {}, ()
    from .for_some import read as read_clients

    return read_clients(sources, findings)


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
            from .line_faults import no_text

            findings.append(no_text(source, group, text))
            continue
        if not group.isascii() or not group.replace("-", "").replace("_", "").replace(".", "").isalnum():
            message = f"{ascii_quoted(group)} is no key of a ConfigMap; use letters, digits, '-', '_' and '.'"
            findings.append(fault_of(source, message, "group-name"))
        yield from _lines(source, group, text, findings, denials)


def _lines(source: Resource, group: str, text: str, findings: list[Finding], denials: list[Entry]) -> Iterator[Entry]:
    # split() and not splitlines(): the latter also breaks at U+2028 and other characters that
    # nobody sees, where a reviewer would read one line.
    said_of: Callable[..., Iterator[Finding]] | None = None
    pairs: Callable[[str], tuple[Domain, ...]] | None = None
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
            from .line_faults import invalid

            fault = InvalidDomain(name, f"is a line of {len(name)} characters", "write one name a line")
            findings.append(invalid(Entry(Domain(), source, group, number, comment), fault))
            continue
        try:
            parsed = parse(name) if ":" not in name else (pairs := pairs or _pairs())(name)
        except InvalidDomain as fault:
            from .line_faults import denied

            denials += denied(fault, Entry(Domain(), source, group, number, comment), findings)
            continue
        for domain in parsed:
            yield Entry(domain, source, group, number, comment)


def _pairs() -> Callable[[str], tuple[Domain, ...]]:
    from ..names.ports import pairs

    return pairs
