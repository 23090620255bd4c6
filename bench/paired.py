"""Two ways of doing one thing, in alternating runs: what is compared are the medians."""

from __future__ import annotations

import random
import statistics
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def alternating(
    pair: Sequence[str], rounds: int, measure: Callable[[str], Mapping[str, float]]
) -> dict[str, dict[str, Any]]:
    """What `measure` says of each of `pair` in turn, in an order that changes: for each quantity as in `compared`."""
    runs: dict[str, dict[str, list[float]]] = {}
    order = random.Random(1)  # noqa: S311 - no secret
    for number in range(rounds + 1):
        for name in order.sample(pair, len(pair)):
            for what, value in measure(name).items():
                if number:  # the first warms caches
                    runs.setdefault(what, {one: [] for one in pair})[name].append(value)
    return {what: compared(values) for what, values in runs.items()}


def compared(runs: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """`ratio` of the second one's median over the first one's, both `medians`, and the `runs`."""
    medians = {name: statistics.median(values) for name, values in runs.items()}
    first, second = medians.values()
    return {"ratio": second / first, "medians": medians, "runs": dict(runs)}
