"""What becomes reachable and what stops being reachable between two lists: in meaning, not in text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..names.domain import Domain, covering
from ..names.holes import above, admits, table
from ..rendered.identities import is_wider

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..lists import Entry
    from ..lists.allowlist import AllowSet
    from ..lists.clients import Client
    from ..rendered.rendered import Rendered


class Change:
    """A name that opens or closes; `touches` are the names of the other list that it covers, `entry` who listed it.

    An opening wildcard that touches names widens them: `*.x.org` in place of `en.x.org`. A closing one leaves them
    behind. `without` are the names below it that stay as they were, since its list denies them.
    """

    __slots__ = ("domain", "entry", "touches", "without")

    def __init__(self, domain: Domain, touches: tuple[Domain, ...], without: tuple[Domain, ...] = ()) -> None:
        self.domain = domain
        self.touches = touches
        self.without = without
        self.entry: Entry | None = None

    @property
    def is_wildcard(self) -> bool:
        """Whether it stands for names that nobody has listed one by one."""
        return self.domain.is_wildcard


class ClientChange:
    """A name that stays reachable, but for other clients: `before` and `after`, None being every workload.

    `without` are the names below it that stay as they were, for other clients than it.
    """

    __slots__ = ("after", "before", "domain", "without")

    def __init__(self, domain: Domain, before: frozenset[Client] | None, after: frozenset[Client] | None) -> None:
        self.without: tuple[Domain, ...] = ()
        self.domain = domain
        self.before = before
        self.after = after

    @property
    def widens(self) -> bool:
        """Whether somebody may reach it who could not before."""
        return is_wider(self.after, self.before)


class Difference:
    """What `opened` and `closed` between the lists `before` and `after` of one set, each least in number and sorted.

    `denied` are the names that each of the two denies inside of its wildcards.
    `clients` holds the names that both let through, for different clients.
    """

    __slots__ = ("after", "before", "clients", "closed", "opened", "set_name")

    def __init__(
        self,
        set_name: str,
        before: Iterable[str],
        after: Iterable[str],
        denied: tuple[Iterable[str], Iterable[str]] = ((), ()),
    ) -> None:
        self.set_name = set_name
        self.before = tuple(map(Domain, before))
        self.after = tuple(map(Domain, after))
        tables = table(self.before, denied[0]), table(self.after, denied[1])
        if all(map(all, (one.values() for one in tables))):
            self.opened = _missing(self.after, self.before)
            self.closed = _missing(self.before, self.after)
        else:
            self.opened = _with_holes(tables[1], tables[0])
            self.closed = _with_holes(tables[0], tables[1])
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


def _with_holes(mine: dict[str, bool], others: dict[str, bool]) -> list[Change]:
    """What the set with holes `mine` lets through and `others` does not, as names whose places differ alike."""
    both = sorted({*mine, *others})
    gone = {name: admits(name, mine) and not admits(name, others) for name in both}
    tops: dict[str, list[str]] = {}
    below: dict[str, str] = {}  # of each name that is gone, the one that says so
    for name in sorted(both, key=lambda one: len(one.split("."))):
        parent = next((cover for cover in above(name) if cover in gone), None)
        top = below.get(parent) if parent is not None else None
        if gone[name]:
            below[name] = top or name
            if top is None:
                tops[name] = []
        elif top is not None:
            tops[top].append(name)
    return [
        Change(
            Domain(top),
            tuple(Domain(name) for name in sorted(inside) if admits(name, others)),
            tuple(Domain(name) for name in sorted(inside) if not admits(name, others)),
        )
        for top, inside in sorted(tops.items())
    ]


def differences(before: Rendered, after: Rendered) -> list[Difference]:
    """The difference of every set that one of the two has."""
    names = sorted({*before.names, *after.names})
    found = [
        Difference(name, before.hosts(name), after.hosts(name), denied=(before.holes(name), after.holes(name)))
        for name in names
    ]
    for one in found:
        _attribute(one.opened, after.sets.get(one.set_name))
        _attribute(one.closed, before.sets.get(one.set_name))
        one.clients = _clients(one, before, after)
    return found


def _clients(one: Difference, before: Rendered, after: Rendered) -> list[ClientChange]:
    gone = {change.domain for change in (*one.opened, *one.closed)}
    exceptions = {*before.exceptions(one.set_name), *after.exceptions(one.set_name)}
    # Of what is denied to everybody in both, a wildcard above it that changes is to say so.
    denied = set(map(Domain, (*before.holes(one.set_name), *after.holes(one.set_name))))
    names = sorted({*one.before, *one.after, *exceptions, *denied} - gone)
    was, is_ = (_Reaching(side, one.set_name, has_holes=bool(denied)) for side in (before, after))
    found = [ClientChange(name, was.clients(name), is_.clients(name)) for name in names]
    changed = [change for change in found if change.before != change.after]
    alike = [change for change in found if change.before == change.after]
    for change in changed if alike else ():
        if change.domain.is_wildcard:
            change.without = tuple(
                other.domain for other in alike if other.after != change.after and change.domain.covers(other.domain)
            )
    return changed


class _Reaching:
    """Who reaches a name of one side: nobody where it is denied, or where it is a name of the other alone."""

    def __init__(self, side: Rendered, set_name: str, *, has_holes: bool) -> None:
        self._side = side
        self._set_name = set_name
        self._table = table(side.hosts(set_name), side.holes(set_name)) if has_holes else None

    def clients(self, name: Domain) -> frozenset[Client] | None:
        if self._table is not None and not admits(name, self._table):
            return frozenset()
        return self._side.clients(self._set_name, name)


def _attribute(changes: list[Change], allowed: AllowSet | None) -> None:
    entries = {entry.domain: entry for entry in reversed(allowed.entries)} if allowed else {}
    for change in changes:
        change.entry = entries.get(change.domain)
