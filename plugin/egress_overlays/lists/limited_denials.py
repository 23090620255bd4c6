"""Denials of lists that are for some clients: each takes from its own list alone; loaded where one has some.

So what a client reaches is what one of its lists admits and does not deny itself, unless a list for every workload
denies it to all.
"""

from __future__ import annotations

from ..manifest.findings import WARNING
from ..names.domain import Domain, covering, minimise
from .clients import EVERYWHERE
from .denials import MARK, Denials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ..manifest.findings import Finding
    from ..manifest.resource import Resource
    from . import Entry
    from .clients import Client


class Patterns:
    """Names and wildcards, asked quickly which of them stand for a name, and which for a part of it."""

    __slots__ = ("_names", "_wildcards")

    def __init__(self, names: Iterable[Domain]) -> None:
        self._names = frozenset(names)
        self._wildcards = {name for name in self._names if name.is_wildcard}

    def cover(self, name: Domain) -> bool:
        """Whether one of them stands for all that `name` stands for."""
        return name in self._names or covering(name, self._wildcards) is not None

    def within(self, name: Domain) -> list[Domain]:
        """Those that stand for nothing but what `name` stands for, itself among them."""
        if not name.is_wildcard:
            return [name] if name in self._names else []
        return [one for one in self._names if name.covers(one)]


class Holes:
    """What the limited lists of a set deny, each for itself.

    `of` are the denials by their list. `clients` maps each denied name to the clients that reach it by other lists,
    and `lists` to those that deny it; a name that every workload reaches, or none, is not among them. `open_in` maps
    it to the namespaces of whoever reaches something of it, EVERYWHERE among them where that may be any.
    """

    __slots__ = ("_all", "clients", "lists", "of", "open_in")

    def __init__(
        self,
        denials: Sequence[Entry],
        limited: Mapping[Resource, frozenset[Client]],
        entries: Sequence[Entry],
        shared: tuple[Sequence[Domain], Denials | None],
    ) -> None:
        """`entries` are those of the set; `shared` what every workload may reach, and what none may."""
        names: dict[Resource, list[Domain]] = {}
        for entry in entries:
            if entry.source in limited:
                names.setdefault(entry.source, []).append(entry.domain)
        lines: dict[Resource, list[Entry]] = {}
        for entry in denials:
            lines.setdefault(entry.source, []).append(entry)
        self.of = {source: Denials(found, names.get(source, [])) for source, found in lines.items()}
        everyones, nobodys = Patterns(shared[0]), shared[1]
        known = {
            source: Patterns(one for one in found if nobodys is None or nobodys.denier(one) is None)
            for source, found in names.items()
        }
        self.lists: dict[Domain, list[str]] = {}
        for source in sorted(self.of, key=lambda one: one.name):
            for name in self.of[source].names:
                if not everyones.cover(name) and (nobodys is None or nobodys.denier(name) is None):
                    self.lists.setdefault(name, []).append(source.name)
        self.clients: dict[Domain, frozenset[Client]] = {}
        self.open_in: dict[Domain, frozenset[str]] = {}
        for name in sorted(self.lists):
            reaching = [one for one, its in known.items() if its.cover(name) and not self.denies(one, name)]
            within = [one for one, its in known.items() if any(not self.denies(one, it) for it in its.within(name))]
            self.clients[name] = frozenset(one for source in reaching for one in limited[source])
            namespaces = frozenset(client.namespace for source in (*reaching, *within) for client in limited[source])
            self.open_in[name] = namespaces | (EVERYWHERE if everyones.within(name) else frozenset())
        self._all = Patterns(self.clients)

    def denies(self, source: Resource, name: Domain) -> bool:
        """Whether the list `source` denies all that `name` stands for."""
        return source in self.of and self.of[source].denier(name) is not None

    def meet(self, name: Domain) -> bool:
        """Whether a list denies something of `name`, or all of it."""
        return self._all.cover(name) or bool(self._all.within(name))

    def refused(self, readers: frozenset[str]) -> tuple[Domain, ...]:
        """The names that sidecars of the namespaces `readers` may refuse: none of their lists opens any of them."""
        return minimise(
            name
            for name, namespaces in self.open_in.items()
            if not (namespaces if "*" in readers else namespaces & (readers | EVERYWHERE))
        )[0]

    def findings(self, entries: Sequence[Entry], shared: Sequence[Domain]) -> Iterator[Finding]:
        """What is to be said of each denial, and of names that the list itself denies."""
        for source, own in self.of.items():
            yield from own.findings(None, [entry for entry in entries if entry.source is source])
            for entry in own.entries:
                cover = next((one for one in shared if one.covers(entry.domain)), None)
                if cover is not None and entry.domain not in own.uncovered:
                    message = (
                        f'denies nothing: "{cover}" of a list for every workload opens it, and a list for some clients '
                        "denies for itself alone; deny it there, or remove the line"
                    )
                    yield entry.remark(message, "denied", WARNING, MARK)
