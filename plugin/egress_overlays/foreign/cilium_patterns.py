"""Patterns of Cilium's: what `matchName`, `matchPattern` and `serverNames` stand for, and as which line of a list."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from .found import Place
from .names import EVERYTHING, is_within, plain
from .values import Map, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Pattern(NamedTuple):
    """A pattern that Cilium compares a name with: `line` as our lists write it, empty where they cannot."""

    written: str
    line: str
    place: Place
    is_wider: bool = False

    @property
    def pattern(self) -> str:
        """What it stands for, or more."""
        return self.line or EVERYTHING


class Patterns:
    """Several patterns, of which many may be names: those are looked up, the others compared one by one."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._written = {plain(one.written) for one in patterns}
        self._wild = [one for one in patterns if "*" in one.written]

    def match(self, inner: Pattern) -> bool:
        """Whether one of them lets all that `inner` stands for through."""
        return plain(inner.written) in self._written or any(matches(one, inner) for one in self._wild)


def matches(outer: Pattern, inner: Pattern) -> bool:
    """Whether Cilium lets all that `inner` stands for through by `outer`."""
    pattern, name = plain(outer.written), plain(inner.written)
    if pattern in (name, EVERYTHING):
        return True
    if pattern.startswith("**."):
        return bool(outer.line) and is_within(plain(inner.pattern), {plain(outer.pattern)})
    if "*" in name or pattern.count(".") != name.count("."):
        return False
    return all(fnmatchcase(one, two) for one, two in zip(name.split("."), pattern.split("."), strict=True))


def of_fqdn(entry: Map) -> Iterator[Pattern]:
    """The patterns of an entry of toFQDNs."""
    name, written = entry.get("matchName"), entry.get("matchPattern")
    if isinstance(name, Text):
        yield Pattern(name, name, name.place)
    if isinstance(written, Text):
        yield pattern(written)


def pattern(written: Text) -> Pattern:
    """A pattern of Cilium's as our lists write it."""
    rest = written.lstrip("*")
    if written.startswith("**.") and rest.startswith(".") and "*" not in rest:
        return Pattern(written, "*" + rest, written.place)
    if written.startswith("*.") and "*" not in written[1:]:
        return Pattern(written, written, written.place, is_wider=True)
    return Pattern(written, "" if "*" in written else written, written.place)
