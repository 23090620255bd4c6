"""Denials below wildcards that are open: the lines `!name` for them, where a list can say so.

On a list a denial wins, whatever else holds the name. So it stands only where nothing within it is open, and where each
wildcard that holds it was decided about by the rules that denied it, and is for every workload.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..lists.denials import MARK
from ..names.domain import Domain, InvalidDomain
from ..names.ports import pairs
from .names import covers, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .found import Denied, Place


class Line(NamedTuple):
    """A line that denies, the group that it belongs to, and where it stood."""

    text: str
    group: str
    place: Place
    comment: str


class Opened:
    """What is open: the patterns, by whose rules, and whether for every workload."""

    def __init__(self) -> None:
        self._groups: dict[str, str] = {}
        self._among: dict[str, set[object]] = {}
        self._limited: set[str] = set()
        self._holding: set[str] = set()

    def add(self, domains: Iterable[Domain], group: str, among: object, *, is_limited: bool) -> None:
        """What a line of `group` opens; where `is_limited`, for some clients."""
        for one in domains:
            self._groups.setdefault(one, group)
            self._among.setdefault(one, set()).add(among)
            if is_limited:
                self._limited.add(one)
            self._holding.update(covers(one))

    def lines(self, denials: Iterable[Denied]) -> tuple[list[Line], list[Denied]]:
        """The lines that deny, and the denials that no list can say."""
        said: dict[tuple[Place, str, str], dict[str, str]] = {}
        unsaid: list[Denied] = []
        for one in denials:
            pattern = _pattern(one)
            wildcards = [cover for cover in covers(pattern) if cover != pattern and cover in self._among]
            if not wildcards and pattern not in self._holding:
                continue  # nothing opens it
            if self._can_say(one, pattern, wildcards):
                key = one.place, one.comment, pattern.removeprefix("*.")
                said.setdefault(key, {})[pattern] = self._groups[wildcards[0]]
            else:
                unsaid.append(one)
        return [
            Line(MARK + ("." + base if len(groups) > 1 else min(groups)), min(groups.values()), place, comment)
            for (place, comment, base), groups in said.items()
        ], unsaid

    def _can_say(self, one: Denied, pattern: str, wildcards: Sequence[str]) -> bool:
        is_whole = pattern not in self._holding and not self._limited.intersection(wildcards)
        return (
            isinstance(pattern, Domain) and is_whole and all(self._among[cover] == {one.among} for cover in wildcards)
        )


def _pattern(one: Denied) -> str:
    """What is denied, normalised where it can stand on a list."""
    try:
        (found,) = pairs(one.name)
    except InvalidDomain:
        return plain(one.name)
    return found
