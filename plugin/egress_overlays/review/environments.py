"""Names by environment: who may reach what where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..names.domain import Domain, covering
from ..names.holes import deciding, table
from ..names.public_suffix import registered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..lists import Entry
    from ..rendered.rendered import Rendered

LISTED = "listed"
COVERED = "covered"
PARTLY = "partly"
NO = "no"


class Cell(NamedTuple):
    """Whether an environment allows a name: `state`, and `by`, the wildcard that covers it or the names below it.

    `clients` are the workloads that it is limited to; None for every one. `reported`: those that reach it too, and are
    reported.
    """

    state: str
    by: tuple[str, ...] = ()
    clients: tuple[str, ...] | None = None
    reported: tuple[str, ...] = ()


class Row(NamedTuple):
    """One name of one set, with a cell an environment, the groups that list it, their comments, lists and owners."""

    name: Domain
    set_name: str
    cells: tuple[Cell, ...]
    groups: tuple[str, ...]
    comments: tuple[str, ...]
    lists: tuple[str, ...]
    owners: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether some environment allows it to fewer, or not at all."""
        return len({(cell.clients, cell.reported) for cell in self.cells}) > 1 or any(
            cell.state in (NO, PARTLY) for cell in self.cells
        )


def matrix(environments: Sequence[Rendered]) -> list[Row]:
    """A row for every name that is on the effective list of at least one of `environments`, by set and name."""
    rows = []
    folded = _folded(environments)
    places = {at: place for place, at in enumerate(dict.fromkeys(folded))}
    for set_name in sorted({name for environment in environments for name in environment.names}):
        columns = [_Column(environment, set_name) for environment in map(environments.__getitem__, places)]
        told = _told(environments, set_name)
        names = sorted(
            {name for column in columns for name in (*column.hosts, *column.opened(columns))},
            key=lambda name: (registered(name.base), name.base, name),
        )
        for name in names:
            entries = told.get(name, ())
            groups = _distinct(entry.group for entry in entries)
            comments = _distinct(entry.comment for entry in entries)
            lists = _distinct(entry.source.name for entry in entries)
            owners = _distinct(entry.fields.owner for entry in entries)
            cells = [column.cell(name) for column in columns]
            row = tuple(cells[places[at]] for at in folded)
            rows.append(Row(name, set_name, row, groups, comments, lists, owners))
    return rows


def _distinct(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, found)))


def _folded(environments: Sequence[Rendered]) -> list[int]:
    """For each environment the number of the first one that holds the same, so that names are asked of it alone."""
    seen: dict[str, int] = {}
    return [seen.setdefault(_content(environment), at) for at, environment in enumerate(environments)]


def _content(environment: Rendered) -> str:
    """All that an environment's answers come from: its objects and lists, without where they came from."""
    lists = [source for allowed in environment.sets.values() for source in allowed.sources]
    return repr([_without_origin(one.value) for one in (*environment.resources, *lists)])


def _without_origin(value: dict[str, Any]) -> dict[str, Any]:
    """`value` without what Kustomize notes down of its way."""
    metadata = value.get("metadata")
    noted = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(noted, dict):
        return value
    kept = {key: text for key, text in noted.items() if "config.kubernetes.io/" not in str(key)}
    return {**value, "metadata": {**metadata, "annotations": kept}}


def _told(environments: Sequence[Rendered], set_name: str) -> dict[Domain, list[Entry]]:
    """The lines of all environments that say each name."""
    told: dict[Domain, list[Entry]] = {}
    for environment in environments:
        allowed = environment.sets.get(set_name)
        for entry in allowed.entries if allowed else ():
            told.setdefault(entry.domain, []).append(entry)
    return told


class _Column:
    """One environment's list of a set."""

    def __init__(self, environment: Rendered, set_name: str) -> None:
        hosts = [Domain(host) for host in environment.hosts(set_name)]
        self.environment = environment
        self.set_name = set_name
        self.hosts = set(hosts)
        self.holes = frozenset(environment.holes(set_name))
        self._table = table(self.hosts, self.holes) if self.holes else {}
        self._reporting = {client for one in environment.reporting(set_name) for client in one.clients}
        self.wildcards = {host for host in hosts if host.is_wildcard}
        self.below: dict[str, list[str]] = {}
        for host in hosts:
            base = host.base
            at = base.find(".") if not host.is_wildcard else -1
            # `*.x.org` is partly open where `en.x.org` is: note every name above a listed one.
            parents = [base[at + 1 :]] if at != -1 else []
            while parents and "." in parents[-1]:
                self.below.setdefault("*." + parents[-1], []).append(host)
                parents.append(parents[-1].partition(".")[2])

    def opened(self, others: Sequence[_Column]) -> Iterable[Domain]:
        """The names that this environment denies inside of a wildcard, and another one does not."""
        yield from (Domain(name) for name in self.holes if any(one.cell(Domain(name)).state != NO for one in others))
        # And those that it denies to some clients alone.
        yield from (
            name
            for name in self.environment.exceptions(self.set_name)
            if name not in self.hosts and any(one.cell(name) != self.cell(name) for one in others)
        )

    def cell(self, name: Domain) -> Cell:
        """What this environment says of `name`."""
        clients = self.environment.clients(self.set_name, name)
        limited = None if clients is None else tuple(sorted(clients))
        cover = covering(name, self.wildcards)
        if self.holes and deciding(name, self._table) in self.holes:
            return Cell(NO)
        if limited == () and (name in self.hosts or cover is not None):
            return Cell(NO)  # clients that cannot be read stand for nobody
        if name in self.hosts:
            return Cell(LISTED, (), limited, self._reported(limited))
        if cover is not None:
            return Cell(COVERED, (cover,), limited, self._reported(limited))
        below = self.below.get(name)
        return Cell(PARTLY, tuple(below)) if below else Cell(NO)

    def _reported(self, limited: tuple[str, ...] | None) -> tuple[str, ...]:
        return () if limited is None else tuple(sorted(self._reporting.difference(limited)))
