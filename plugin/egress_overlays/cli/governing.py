"""Which rules of one's own hold where, and what breaks them: those of files on the way to a tree, and its objects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..lists import policies
from ..lists.governance import RULE, Lines, Rule, judged
from ..manifest.findings import ERROR, Finding
from ..rendered.locations import Location
from ..review.governing import refused, refused_by, reported_at
from ..review.rows import BREAKS, HEAD, OPENS, new, order, placed
from ..review.verification import Reported
from .console import text_of
from .egress_policy import FILE, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from ..lists.allowlist import AllowSet
    from ..lists.governance import Broken
    from ..manifest.resource import Resource
    from ..rendered.rendered import Rendered

    Refuse = Callable[[list[str]], None]


class Governance:
    """The policies that hold for the paths of one run, and which of their rules were for no line of any.

    Files stand beside a directory and above it, up to `top`. `refuse` is told the faults of a policy; where it returns,
    the rules hold as far as they could be read.
    """

    def __init__(self, today: date, refuse: Refuse, top: Path = Path()) -> None:
        self._today = today
        self._refuse = refuse
        self._top = top
        self._rules: dict[Path, list[Rule]] = {}
        self._unmatched: dict[str, bool] = {}

    def judge(self, path: str, found: Rendered) -> list[Reported]:
        """What policies say of `found`, which `path` holds: its own, and the files on the way to a directory."""
        reported = [one for policy in found.policies for one in self._judged(policy, found)]
        if found.said:
            reported += refused(found, reported)
        reported += self._held(self._of_files(path, found), found)
        return sorted(reported, key=lambda one: one.location)

    def unmatched(self) -> list[Reported]:
        """The rules that were for no line of the run."""
        places = [place.rpartition(":") for place, is_so in self._unmatched.items() if is_so]
        return [
            Reported(Finding(ERROR, policies.FOR_NO_LINE, rule=RULE), Location(file, int(line)))
            for file, _, line in places
        ]

    def broken(self, path: str, found: Rendered, sets: Iterable[AllowSet] | None = None) -> list[Broken]:
        """What breaks the rules that hold for `found`, which `path` holds, in its sets or in `sets`."""
        rules = []
        for policy in found.policies:
            own, faults = self._rules_of(policy, found)
            self._refuse([f"{one.location}: {one.finding.message}" for one in faults])
            rules += own
        lines = Lines(found.sets.values() if sets is None else sets)
        rules += self._of_files(path, found)
        return [one for rule in rules for one in judged(rule, lines, self._today)[0]]

    def _judged(self, policy: Resource, found: Rendered) -> list[Reported]:
        rules, faults = self._rules_of(policy, found)
        if faults:
            return faults
        return refused_by(policy, rules, found) if found.said else self._held(rules, found)

    def _rules_of(self, policy: Resource, found: Rendered) -> tuple[list[Rule], list[Reported]]:
        """The rules of an object, which know their places, and every fault in it."""
        rules, faults = policies.read(policy)
        if not found.said:  # a build that was refused speaks of them by number
            for number, rule in enumerate(rules):
                place = found.where.of(policy, ("rules", number))
                rule.place = str(place).removeprefix(f"{self._top}/")
        return rules, [Reported(one, found.where.of(policy, policies.steps(one.field))) for one in faults]

    def _held(self, rules: list[Rule], found: Rendered) -> list[Reported]:
        reported = []
        lines = Lines(found.sets.values())
        for rule in rules:
            broken, matched = judged(rule, lines, self._today)
            is_fine = matched or rule.optional
            self._unmatched[rule.place] = self._unmatched.get(rule.place, True) and not is_fine
            reported += [reported_at(one, found) for one in broken]
        return reported

    def _of_files(self, path: str, found: Rendered) -> list[Rule]:
        known = {Path(found.where.of(policy).file).resolve() for policy in found.policies}
        rules = []
        for file in _files(path, self._top.resolve()):
            if file not in known:
                if file not in self._rules:
                    self._rules[file] = self._read(file)
                rules += self._rules[file]
        return rules

    def _read(self, file: Path) -> list[Rule]:
        top = self._top.resolve()
        rules, faults = read(text_of(file), str(file.relative_to(top) if top in file.parents else file))
        self._refuse(faults)
        return rules


def _files(path: str, top: Path) -> list[Path]:
    """The policies of a directory, its own last."""
    directory = Path(path)
    if not directory.is_dir():
        return []
    whole = directory.resolve()
    above = [one for one in whole.parents if top in (one, *one.parents)] if top in whole.parents else []
    return [one / FILE for one in (*reversed(above), whole) if (one / FILE).is_file()]


def new_in(after: Iterable[Broken], before: Iterable[Broken]) -> list[Broken]:
    """What of `after` does not stand in `before`, wherever its lines and its rules stood there."""
    was = {_key(one) for one in before}
    return [one for one in after if _key(one) not in was]


def _key(one: Broken) -> tuple[str, ...]:
    return one.entry.source.name, one.finding.group, one.finding.value, one.said


def breaking(one: dict[str, Any]) -> str:
    """Which rules a line of `list` or a row of `diff` breaks, in words; "" where it breaks none."""
    return f"BREAKS A RULE: it {'; it '.join(one['policy'])}" if "policy" in one else ""


def rows_with_rules(
    rows: list[dict[str, Any]],
    before: tuple[Rendered, Path],
    after: tuple[Rendered, Path],
    today: date,
    refuse: Refuse,
) -> list[dict[str, Any]]:
    """`rows` of `diff` with what breaks rules: said of the name that opens, of any other line in a row of its own.

    Each side has the directory that its files stand below. Rules of `before` that cannot be read are none.
    """
    found, top = after
    now = Governance(today, refuse, top).broken(found.path, found)
    if not now:
        return rows
    was = Governance(today, lambda _: None, before[1]).broken(before[0].path, before[0])
    fresh = {id(one) for one in new_in(now, was)}
    opened = {(row["file"], row["line"], name): row for row in rows if row["kind"] == OPENS for name in row["names"]}
    more = []
    for one in now:
        place = placed(reported_at(one, found).location, top, HEAD)
        row = opened.get((place["file"], place["line"], str(one.entry.domain)))
        if row is not None:
            row.setdefault("policy", []).append(one.words)
        elif id(one) in fresh:
            more.append(new(BREAKS, "", [], said=one.finding.message, **place))
    return sorted([*rows, *more], key=order)
