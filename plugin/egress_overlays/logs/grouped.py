"""Connections by the list and the group that hold the name: few counts, whatever names are asked for.

The gateway itself counts by list at the most, since a group is a key of a ConfigMap and Envoy knows of no ConfigMaps.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from ..lists.clients import Client, are_for
from .connection import BY_SIDECARS, DECIDED, DIRECT, FORWARDED, REFUSED, REPORTED, SENT
from .learning import by_name
from .workloads import NOBODY, Workload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .tally import Seen, Tally

ALLOWED = "allowed"
DECISIONS = (ALLOWED, REFUSED, REPORTED, DIRECT)


class Group(NamedTuple):
    """A group of a list: its set, its ConfigMap, its key; "" for what no ConfigMap at hand says."""

    set_name: str
    config_map: str
    key: str


NO_GROUP = Group("", "", "")
"""Of a name that no list holds."""


class Line(NamedTuple):
    """A name on a list, as a list writes it: where it stands, and for whom (None: every workload)."""

    name: str
    group: Group
    clients: frozenset[Client] | None


def by_group(tally: Tally, lines: Iterable[Line]) -> dict[Group, Counter[str]]:
    """How many connections each group let through, or would have, by decision.

    ALLOWED: by the gateway; DIRECT: past it. What was REFUSED or REPORTED counts in the group that holds the name for
    others, or in NO_GROUP. Of a name in several groups of one set, lists for the client go first, then the first line.
    """
    sets: dict[str, dict[str, list[Line]]] = {}
    found: dict[Group, Counter[str]] = {NO_GROUP: Counter()}
    for line in lines:
        found.setdefault(line.group, Counter())
        sets.setdefault(line.group.set_name, {}).setdefault(line.name, []).append(line)
    asked: dict[str, list[tuple[Workload, Seen]]] = {}
    for (workload, name), seen in tally.pairs.items():
        asked.setdefault(name, []).append((workload, seen))
    for name, seen in by_name(tally).items():
        holding = [lines for held in sets.values() if (lines := list(_holding(held, name)))]
        for each in holding or [[]]:
            _count(found, each, asked[name], seen)
    return found


def _count(
    found: dict[Group, Counter[str]], lines: Sequence[Line], asked: Sequence[tuple[Workload, Seen]], seen: Seen
) -> None:
    """Add the connections to one name, `seen` by all and `asked` by each, to what one set holds it by."""
    anybody = lines[0].group if lines else NO_GROUP
    outcomes = seen.outcomes
    counts = {
        (anybody, REFUSED): _refused(asked),
        (anybody, REPORTED): outcomes[REPORTED],
        (anybody, DIRECT): outcomes[DIRECT],
    }
    # Lines of the lists for clients alone say for certain for whom they are; one connection leaves others beside them.
    through = max(outcomes[SENT], outcomes[FORWARDED], outcomes[DECIDED] + outcomes[REPORTED]) - outcomes[REPORTED]
    for workload, one in asked:
        client = Client(f"{workload.namespace}/{workload.account}")
        group = next((line.group for line in lines if are_for(line.clients, client)), anybody)
        counts[group, ALLOWED] = counts.get((group, ALLOWED), 0) + one.outcomes[DECIDED]
    everybody = next((line.group for line in lines if line.clients is None), anybody)
    counts[everybody, ALLOWED] = counts.get((everybody, ALLOWED), 0) + through - outcomes[DECIDED]
    for (group, decision), count in counts.items():
        if count:
            found[group][decision] += count


def _refused(asked: Sequence[tuple[Workload, Seen]]) -> int:
    """How many connections were refused: by a sidecar, or by the gateway, which has a line more with its client."""
    by_sidecars = sum(_by_sidecars(seen) for _, seen in asked)
    by_gateway = Counter[bool]()
    for workload, seen in asked:
        by_gateway[workload == NOBODY] += seen.outcomes[REFUSED] - _by_sidecars(seen)
    return by_sidecars + max(by_gateway.values())


def _by_sidecars(seen: Seen) -> int:
    return sum(seen.rules[rule] for rule in BY_SIDECARS)


def _holding(held: dict[str, list[Line]], name: str) -> Iterator[Line]:
    """The lines of one set that hold `name`, its own first, then those of the narrowest wildcard."""
    labels = name.split(".")
    for entry in (name, *(f"*.{'.'.join(labels[start:])}" for start in range(1, len(labels)))):
        yield from held.get(entry, ())
