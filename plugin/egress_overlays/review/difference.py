"""What becomes reachable and what stops being reachable between two lists: in meaning, not in text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..names.domain import Domain, covering
from ..rendered.identities import is_wider

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..lists.allowlist import AllowSet
    from ..lists.clients import Client
    from ..lists.entries import Entry
    from ..rendered.rendered import Rendered


class Change:
    """A name that opens or closes; `touches` are the names of the other list that it covers, `entry` who listed it.

    An opening wildcard that touches names widens them: `*.x.org` in place of `en.x.org`. A closing one leaves them
    behind.
    """

    __slots__ = ("domain", "entry", "touches")

    def __init__(self, domain: Domain, touches: tuple[Domain, ...]) -> None:
        self.domain = domain
        self.touches = touches
        self.entry: Entry | None = None

    @property
    def is_wildcard(self) -> bool:
        """Whether it stands for names that nobody has listed one by one."""
        return self.domain.is_wildcard


class ClientChange:
    """A name that stays reachable, but for other clients: `before` and `after`, None being every workload."""

    __slots__ = ("after", "before", "domain")

    def __init__(self, domain: Domain, before: frozenset[Client] | None, after: frozenset[Client] | None) -> None:
        self.domain = domain
        self.before = before
        self.after = after

    @property
    def widens(self) -> bool:
        """Whether somebody may reach it who could not before."""
        return is_wider(self.after, self.before)


class Difference:
    """What `opened` and `closed` between the lists `before` and `after` of one set, each least in number and sorted.

    `clients` holds the names that both let through, for different clients.
    """

    __slots__ = ("after", "before", "clients", "closed", "opened", "set_name")

    def __init__(self, set_name: str, before: Iterable[str], after: Iterable[str]) -> None:
        self.set_name = set_name
        self.before = tuple(map(Domain, before))
        self.after = tuple(map(Domain, after))
        self.opened = _missing(self.after, self.before)
        self.closed = _missing(self.before, self.after)
        self.clients: list[ClientChange] = []

    def __bool__(self) -> bool:
        return bool(self.opened or self.closed or self.clients)


def _missing(domains: tuple[Domain, ...], others: tuple[Domain, ...]) -> list[Change]:
    """Those of `domains` that no name of `others` stands for as well."""
    known = set(others)
    wildcards = {domain for domain in others if domain.is_wildcard}
    gone = [domain for domain in domains if domain not in known and covering(domain, wildcards) is None]
    below: dict[Domain, list[Domain]] = {domain: [] for domain in gone if domain.is_wildcard}
    for other in others:
        cover = covering(other, set(below)) if below else None
        if cover is not None:
            below[cover].append(other)
    return [Change(domain, tuple(below.get(domain, ()))) for domain in gone]


def differences(before: Rendered, after: Rendered) -> list[Difference]:
    """The difference of every set that one of the two has."""
    names = sorted({*before.names, *after.names})
    found = [Difference(name, before.hosts(name), after.hosts(name)) for name in names]
    for one in found:
        _attribute(one.opened, after.sets.get(one.set_name))
        _attribute(one.closed, before.sets.get(one.set_name))
        one.clients = _clients(one, before, after)
    return found


def _clients(one: Difference, before: Rendered, after: Rendered) -> list[ClientChange]:
    gone = {change.domain for change in (*one.opened, *one.closed)}
    names = sorted({*one.before, *one.after} - gone)
    found = [
        ClientChange(name, before.clients(one.set_name, name), after.clients(one.set_name, name)) for name in names
    ]
    return [change for change in found if change.before != change.after]


def _attribute(changes: list[Change], allowed: AllowSet | None) -> None:
    entries = {entry.domain: entry for entry in reversed(allowed.entries)} if allowed else {}
    for change in changes:
        change.entry = entries.get(change.domain)
