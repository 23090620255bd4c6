"""Lists whose names stay reachable, but for other clients: a row for each list, whatever many names it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..manifest.resource import CLIENTS_ANNOTATION
from ..rendered.identities import is_wider
from .rows import BASE, HEAD, LIFTED, NARROWS, OTHER, WIDENS, new, placed, risk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ..lists.clients import Client
    from ..rendered.rendered import Rendered
    from .difference import ClientChange, Difference

    Side = tuple[str, Rendered, Path | str]

_ANNOTATION = ("metadata", "annotations", CLIENTS_ANNOTATION)


def list_changes(
    one: Difference, before: Rendered, after: Rendered, roots: tuple[Path | str, Path | str]
) -> Iterator[dict[str, Any]]:
    """A row for each list, and for what its clients gain and lose alike, with all its names."""
    found: dict[tuple[Any, ...], list[ClientChange]] = {}
    for change in one.clients:
        gained, lost = _less(change.after, change.before), _less(change.before, change.after)
        key = (_kind(change), _list_of(change, one.set_name, before, after), tuple(gained), tuple(lost))
        found.setdefault((*key, change.without), []).append(change)
    sides: list[Side] = [(HEAD, after, roots[1]), (BASE, before, roots[0])]
    for (kind, name, gained, lost, without), changed in found.items():
        names = [str(change.domain) for change in changed]
        risks = {name: its for name in names if (its := risk(name))}
        more = {
            "list": name,
            "gained": list(gained),
            "lost": list(lost),
            "was": _common([change.before for change in changed]),
            "now": _common([change.after for change in changed]),
            "wildcard": any(change.domain.is_wildcard for change in changed),
            "unlimited": kind == LIFTED,
            "risk": next(iter(risks.values()), None),
            "risky": [*risks],
            **({"without": list(map(str, without))} if without else {}),
        }
        # Whom the list is for stands in its annotation, which a list that is for everybody now has no more.
        its = _place_of(name, one.set_name, sides if kind != LIFTED else sides[::-1])
        yield new(kind, one.set_name, names, **more, **its)


def _place_of(name: str | None, set_name: str, sides: Sequence[Side]) -> dict[str, Any]:
    """Where the clients of the list `name` stand, in the first of `sides` that says them; else the list itself."""
    found = [
        (CLIENTS_ANNOTATION in source.annotations, side, rendered, root, source)
        for side, rendered, root in sides
        for source in (rendered.sets[set_name].sources if set_name in rendered.sets else ())
        if source.name == name
    ]
    for is_said, side, rendered, root, source in sorted(found, key=lambda one: not one[0])[:1]:
        return placed(rendered.where.of(source, _ANNOTATION if is_said else ()), root, side)
    return {}


def _common(clients: Sequence[frozenset[Client] | None]) -> list[str] | None:
    """The clients of every one of `clients`; None where all are for every workload."""
    limited = [one for one in clients if one is not None]
    return sorted(frozenset.intersection(*limited)) if limited else None


def _kind(change: ClientChange) -> str:
    if change.after is None:
        return LIFTED
    if not change.widens:
        return NARROWS
    return OTHER if is_wider(change.before, change.after) else WIDENS


def _less(some: frozenset[Client] | None, others: frozenset[Client] | None) -> list[str]:
    """The clients of `some` that nobody among `others` stands for; every workload where there is no limit."""
    if some is None:
        return ["every workload"]
    return sorted(one for one in some if is_wider(frozenset([one]), others or frozenset()))


def _list_of(change: ClientChange, set_name: str, before: Rendered, after: Rendered) -> str | None:
    """The list with the name whose clients changed; else the first that has it."""
    was, is_ = (_clients_of_lists(side, set_name, change) for side in (before, after))
    differing = [name for name in {**is_, **was} if is_.get(name, "") != was.get(name, "")]
    return next(iter([*differing, *is_, *was]), None)


def _clients_of_lists(side: Rendered, set_name: str, change: ClientChange) -> dict[str, Any]:
    allowed = side.sets.get(set_name)
    entries = [entry for entry in allowed.entries if entry.domain.covers(change.domain)] if allowed else []
    return {entry.source.name: allowed.clients.get(entry.source) for entry in entries} if allowed else {}
