"""Sets of names with holes: patterns that admit and patterns that deny, of which the most specific one decides.

That is how Envoy chooses a filter chain by its `server_names`, so that a set of this form is what a listener does.
Loaded where a list denies something.
"""

from __future__ import annotations

from .domain import Domain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Table = Mapping[str, bool]

EVERYTHING = "*"


def table(allowed: Iterable[str], denied: Iterable[str]) -> dict[str, bool]:
    """What each pattern says; of a pattern that stands in both, the denial."""
    return dict.fromkeys(allowed, True) | dict.fromkeys(denied, False)


def above(pattern: str) -> Iterator[str]:
    """The patterns that cover `pattern` and are not `pattern`, the narrowest first."""
    dot = pattern.find(".", 2 if pattern[:1] == "*" else 0)
    while dot != -1:
        yield "*" + pattern[dot:]
        dot = pattern.find(".", dot + 1)
    if pattern != EVERYTHING:
        yield EVERYTHING


def deciding(pattern: str, known: Table) -> str | None:
    """The pattern of `known` that decides on a name, or on the names of a wildcard that nothing below it decides."""
    if pattern in known:
        return pattern
    return next((cover for cover in above(pattern) if cover in known), None)


def admits(pattern: str, known: Table) -> bool:
    """Whether `known` lets `pattern` through, as `deciding` has it; what nothing decides is refused."""
    found = deciding(pattern, known)
    return found is not None and known[found]


def combined(one: Table, other: Table, rule: Callable[[bool, bool], bool]) -> dict[str, bool]:
    """The set that holds what `rule` says of each name's places in two sets; in the shortest form, sorted.

    Between two patterns of both nothing changes, so that each pattern stands for the names that it alone decides on.
    """
    both = sorted({*one, *other})
    states = {pattern: rule(admits(pattern, one), admits(pattern, other)) for pattern in both}
    return {pattern: state for pattern, state in states.items() if state != _inherited(pattern, states)}


def _inherited(pattern: str, states: Table) -> bool:
    return next((states[cover] for cover in above(pattern) if cover in states), False)


def union(one: Table, other: Table) -> dict[str, bool]:
    """What one of both lets through."""
    return combined(one, other, lambda mine, its: mine or its)


def intersection(one: Table, other: Table) -> dict[str, bool]:
    """What both let through."""
    return combined(one, other, lambda mine, its: mine and its)


def without(one: Table, other: Table) -> dict[str, bool]:
    """What the first lets through and the second does not."""
    return combined(one, other, lambda mine, its: mine and not its)


def split(known: Table) -> tuple[tuple[Domain, ...], tuple[Domain, ...]]:
    """The patterns that admit, and those that deny; both sorted."""
    return (
        tuple(sorted(Domain(one) for one, state in known.items() if state)),
        tuple(sorted(Domain(one) for one, state in known.items() if not state)),
    )
