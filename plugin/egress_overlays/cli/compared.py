"""Many overlays of two revisions, built side by side and compared: what `diff` tells of whole trees."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..rendered.loading import load, nothing
from ..rendered.overlays import matches, overlays
from ..rendered.rendered import Unreadable
from ..review.changes import changes
from .console import Failure
from .governing import rows_with_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from ..rendered.rendered import Rendered


class Side(NamedTuple):
    """One revision: its `name` for people, the directory `root` that stands for the repository's, `tree` in it."""

    name: str
    root: Path
    tree: Path


class Comparison(NamedTuple):
    """The rows of one overlay; or the `reason` why there are none, which is no answer."""

    overlay: str
    rows: list[dict[str, Any]]
    reason: str = ""


def chosen(sides: Sequence[Side], patterns: Sequence[str]) -> list[str]:
    """The overlays of either side whose paths match one of `patterns` (`overlays/...`, or a glob); all without any."""
    found = sorted({path for side in sides if side.tree.is_dir() for path in overlays(side.tree)})
    return [path for path in found if not patterns or any(matches(path, pattern) for pattern in patterns)]


def compare(
    paths: Sequence[str], sides: Sequence[Side], today: date, progress: Callable[[int, int], None]
) -> list[Comparison]:
    """Compare all of `paths`, as many at a time as there are cores, and one more: what it reads waits for no build.

    `today` is the day that rules of one's own are held by.
    """
    with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
        waiting = [pool.submit(_compared, path, sides, today) for path in paths]
        for done, _ in enumerate(as_completed(waiting), 1):
            progress(done, len(waiting))
        return [one.result() for one in waiting]


def _compared(path: str, sides: Sequence[Side], today: date) -> Comparison:
    try:
        before, after = (_read(path, side) for side in sides)
    except Unreadable as fault:
        return Comparison(path, [], str(fault))
    try:
        return Comparison(path, rows_between((before, sides[0].root), (after, sides[1].root), today))
    except Failure as fault:
        return Comparison(path, [], f"{fault} (in {sides[1].name})")
    except Exception as fault:  # noqa: BLE001 - it is told, and counts as not compared: the others are to be seen
        return Comparison(path, [], f"a fault of egress-overlays: {type(fault).__name__}: {fault}")


def rows_between(before: tuple[Rendered, Path], after: tuple[Rendered, Path], today: date) -> list[dict[str, Any]]:
    """The rows of one overlay; each side has the directory that its files stand below. Raises Failure."""
    rows = changes(before[0], after[0], (before[1], after[1]))
    return rows_with_rules(rows, before, after, today, _refuse)


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise Failure("; ".join(faults))


def _read(path: str, side: Side) -> Rendered:
    directory = side.tree / path
    if not directory.exists():
        return nothing(path)
    try:
        return load(str(directory))
    except Unreadable as fault:
        said = str(fault).replace(f"{side.root}/", "") if side.root != Path() else str(fault)
        raise Unreadable(f"{said} (in {side.name})") from None
