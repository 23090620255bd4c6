"""A list held against logs: what each entry served, what was refused, and what went past the gateway."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ..lists.denials import MARK
from ..names.domain import Domain
from .connection import DECIDED, DENIAL, DIRECT, FORWARDED, REFUSED, REPORTED, REPORTED_BY, SENT
from .learning import by_name
from .tally import Seen
from .workloads import NOBODY, Workload

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .tally import Tally


@dataclass
class Use:
    """What an entry, `name` of the set `set_name`, served: how often by name, when first and last, and for whom.

    Of one that denies, whose name begins with !, what it refused.
    """

    name: Domain
    set_name: str
    names: dict[str, int] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    workloads: set[str] = field(default_factory=set)

    @property
    def denies(self) -> bool:
        """Whether its line denies."""
        return self.name[:1] == MARK

    @property
    def hits(self) -> int:
        """How many connections."""
        return sum(self.names.values())


@dataclass
class Asked:
    """A name that one client asked for, how often, and what refused it ("" for what left past the gateway)."""

    name: str
    client: Workload
    count: int
    last: str
    rule: str = ""


@dataclass
class Usage:
    """The answer. `is_long_enough`: the window is as long as was asked for, so that what was not used is unused."""

    uses: list[Use]
    refused: list[Asked]
    past: list[Asked]
    reported: list[Asked]
    window: timedelta
    is_long_enough: bool

    @property
    def unused(self) -> list[Use]:
        """The entries that nobody asked for; none where the window is too short to say so.

        What denies is never one of them: without it the name would be open.
        """
        told = (one for one in self.uses if not one.denies)
        return [one for one in told if not one.names] if self.is_long_enough else []


def usage(tally: Tally, entries: Iterable[tuple[str, Domain]], since: timedelta) -> Usage:
    """What the logs say of `entries`, each with its set; a window shorter than `since` calls nothing unused."""
    uses = [Use(name, set_name) for set_name, name in dict.fromkeys(entries)]
    found = by_name(tally)
    by_entry: dict[str, list[Use]] = {}
    for use in uses:
        by_entry.setdefault(use.name, []).append(use)
    serving = {name: _serving(by_entry, name) for name in found}
    for name, seen in found.items():
        for use in serving[name]:
            count = connections(seen)
            if count or (not seen.outcomes[REPORTED] and seen.outcomes.total() > seen.outcomes[REFUSED]):
                use.names[name] = count
                use.seen.merge(seen)
    for (workload, name), seen in tally.pairs.items():
        if workload != NOBODY and connections(seen):
            for use in serving[name]:
                use.workloads.add(str(workload))
    _count_denied(tally, [use for use in uses if use.denies])
    window = _window(tally)
    return Usage(uses, list(_refused(tally)), list(_past(tally)), list(_reported(tally)), window, window >= since)


def _count_denied(tally: Tally, denying: list[Use]) -> None:
    """Count for each of `denying` what denials refused: the log says that it was one, and maybe of which list."""
    if not denying:
        return
    for (workload, name), seen in tally.pairs.items():
        count = sum(times for rule, times in seen.rules.items() if rule.startswith(DENIAL))
        for use in denying if count else ():
            if Domain(use.name.removeprefix(MARK)).matches(name):
                use.names[name] = use.names.get(name, 0) + count
                use.seen.span(seen.first, seen.last)
                use.workloads |= {str(workload)} if workload != NOBODY else set()


def connections(seen: Seen) -> int:
    """How many connections a list let through: each leaves a line in the sidecar, and up to two in the gateway."""
    outcomes = seen.outcomes
    reported = outcomes[REPORTED]
    through = max(outcomes[SENT], outcomes[FORWARDED], outcomes[DECIDED] + reported)
    return through - reported + outcomes[DIRECT]


def _serving(uses: dict[str, list[Use]], name: str) -> list[Use]:
    """Of each set the entry that `name` is let through by: itself, or else the narrowest wildcard."""
    best: dict[str, Use] = {}
    labels = name.split(".")
    for entry in (name, *(f"*.{'.'.join(labels[start:])}" for start in range(1, len(labels)))):
        for use in uses.get(entry, ()):
            best.setdefault(use.set_name, use)
    return list(best.values())


def _refused(tally: Tally) -> Iterable[Asked]:
    for (workload, name), seen in sorted(tally.pairs.items()):
        if seen.outcomes[REFUSED]:
            rules = ", ".join(sorted(rule for rule in seen.rules if not rule.startswith(REPORTED_BY)))
            yield Asked(name, workload, seen.outcomes[REFUSED], seen.last, rules)


def _reported(tally: Tally) -> Iterable[Asked]:
    for (workload, name), seen in sorted(tally.pairs.items()):
        if seen.outcomes[REPORTED]:
            rules = ", ".join(sorted(rule for rule in seen.rules if rule.startswith(REPORTED_BY)))
            yield Asked(name, workload, seen.outcomes[REPORTED], seen.last, rules)


def _past(tally: Tally) -> Iterable[Asked]:
    for (workload, name), seen in sorted(tally.pairs.items()):
        if seen.outcomes[DIRECT]:
            yield Asked(name, workload, seen.outcomes[DIRECT], seen.last)


def _window(tally: Tally) -> timedelta:
    """How long the log is, from its first connection to its last."""
    if not tally.window.first:
        return timedelta()
    return moment(tally.window.last) - moment(tally.window.first)


def moment(at: str) -> datetime:
    """The time that a log writes."""
    return datetime.fromisoformat(at).astimezone(UTC)
