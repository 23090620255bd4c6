"""Places that a connection passes one after the other, each with the names that it lets through."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..found import Carried, Note, Place, Scope, left
from ..names import EVERYTHING, covers, plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence


class Passing(NamedTuple):
    """A pattern that a hop lets through, where it stands, in what, and for whom."""

    pattern: str
    place: Place
    title: str
    scope: Scope | None = None


class Hop:
    """What one hop lets through; without any pattern it does not look at names at all, unless it `is_closed`."""

    def __init__(self, name: str, passing: Iterable[Passing], *, is_closed: bool = False) -> None:
        self.name = name
        self.passing: dict[str, Passing] = {}
        for one in passing:
            known = self.passing.get(plain(one.pattern))
            if known is None or (known.scope is not None and one.scope is None):
                self.passing[plain(one.pattern)] = one
        self.lets_all = not self.passing and not is_closed


def narrowed(found: Sequence[Carried], hop: Hop, direct: Collection[str]) -> tuple[list[Carried], list[Note]]:
    """What of `found` passes `hop` too, and notes on what one of the two alone matches.

    Names of the groups in `direct` go past it.
    """
    if hop.lets_all:
        return list(found), []
    kept: list[Carried] = []
    notes: list[Note] = []
    below = _below({plain(one.name) for one in found if one.group not in direct}, hop)
    used: set[str] = set()
    for one in found:
        name = plain(one.name)
        by = next((cover for cover in covers(name) if cover in hop.passing), None)
        if one.group in direct:
            kept.append(one)
        elif by is not None:
            used.add(by)
            kept.append(one._replace(scope=one.scope or hop.passing[by].scope))
        elif name in below:
            kept += [
                one._replace(name=two.pattern, place=two.place, scope=one.scope or two.scope) for two in below[name]
            ]
            notes.append(left(one.place, f'"{name}": {hop.name} let through a part of it alone', name))
        else:
            notes.append(left(one.place, f'"{name}" of {one.group} was not matched by {hop.name}', name))
    for two in below.get("", ()):
        if plain(two.pattern) not in used and two.title:
            words = f'"{two.pattern}" of {two.title} was not matched by the sidecar'
            notes.append(left(two.place, words, two.pattern))
    return kept, notes


def _below(known: Collection[str], hop: Hop) -> dict[str, list[Passing]]:
    """What `hop` lets through of each of the `known` wildcards; under "" what is of none of them."""
    found: dict[str, list[Passing]] = {}
    for pattern, one in hop.passing.items():
        outer = next((cover for cover in covers(pattern) if cover != pattern and cover in known), None)
        if outer is not None:
            found.setdefault(outer, []).append(one)
        elif pattern not in known and pattern != EVERYTHING:
            found.setdefault("", []).append(one)
    return found
