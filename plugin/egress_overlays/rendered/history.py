"""When something about a path turned, by its history in git: the commit, and the lines that it changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .loading import load, nothing
from .rendered import Rendered, Unreadable
from .revisions import UnknownRevision, at, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 1024  # commits that are looked back; twenty builds find one of them


class Line(NamedTuple):
    """A line that a commit took out or put in (`is_new`): `number` (from 1) in the `file` before or after it."""

    file: str
    number: int
    text: str
    is_new: bool


class Turn(NamedTuple):
    """The `commit` since which something is another way, "" for what is not committed, and the lines it changed."""

    commit: str
    lines: tuple[Line, ...]


class History:
    """The first-parent history of `path`, a directory in a git repository; each revision is built once."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._built: dict[str, Rendered | None] = {}
        self._commits: list[str] | None = None
        self._turns: dict[tuple[str, str], Turn] = {}

    def turn(self, holds: Callable[[Rendered], bool]) -> Turn | None:
        """Since when `holds` is false, newest first; None where git does not know, or it never was true there."""
        try:
            if self._commits is None:
                words = ("log", "--first-parent", f"--max-count={_MOST}", "--format=%H")
                self._commits = lines_of(*words, near=self._path)
            return self._turn(self._commits, holds)
        except UnknownRevision:
            return None

    def _turn(self, commits: list[str], holds: Callable[[Rendered], bool]) -> Turn | None:
        # Most changes are young: look back 1, 2, 4, ... commits, and then between the last two of these.
        good, bad, step = -1, -1, 0
        while good < 0 and step < len(commits):
            if self._is_so(commits[step], holds):
                good = step
            else:
                bad, step = step, max(step * 2, step + 1)
                if step >= len(commits) > bad + 1:
                    step = len(commits) - 1
        if good < 0:
            return None
        while good - bad > 1:
            middle = (good + bad) // 2
            good, bad = (middle, bad) if self._is_so(commits[middle], holds) else (good, middle)
        pair = commits[good], commits[bad] if bad >= 0 else ""
        if pair not in self._turns:
            self._turns[pair] = Turn(pair[1], self._changed(*pair))
        return self._turns[pair]

    def _is_so(self, commit: str, holds: Callable[[Rendered], bool]) -> bool:
        if commit not in self._built:
            with at(commit, self._path) as (_, place):
                try:
                    self._built[commit] = load(str(place)) if place.exists() else nothing(self._path)
                except Unreadable:
                    self._built[commit] = None
        found = self._built[commit]
        return found is not None and holds(found)

    def _changed(self, before: str, after: str) -> tuple[Line, ...]:
        words = ("-c", "core.quotePath=false", "diff", "--no-color", "--no-ext-diff", "--no-renames", "--no-prefix")
        text = lines_of(*words, "-U0", "--relative", before, *filter(None, [after]), near="")
        found: list[Line] = []
        old = new = ""
        at_old = at_new = 0
        for line in text:
            header = re.match(r"@@ -(\d+)(?:,\d+)? \+(\d+)", line)
            if header:
                at_old, at_new = int(header[1]), int(header[2])
            elif line.startswith("--- ") and not at_old + at_new:
                old = line[4:].rstrip("\t")
            elif line.startswith("+++ ") and not at_old + at_new:
                new = line[4:].rstrip("\t")
            elif line.startswith("diff --git "):
                at_old = at_new = 0
            elif line.startswith("-"):
                found.append(Line(old, at_old, line[1:].strip(), is_new=False))
                at_old += 1
            elif line.startswith("+"):
                found.append(Line(new, at_new, line[1:].strip(), is_new=True))
                at_new += 1
        return tuple(found)
