"""A progress bar for what takes long, on a terminal alone."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress

    from .console import Console


@contextmanager
def progress(console: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    """Called with how many of how many are done; says nothing where stderr is no terminal, or rich is not installed."""
    # What writes to a file does not pay for rich's imports.
    bar = _bar(console, what) if console.err.isatty() else None
    if bar is None:
        yield lambda _done, _total: None
        return
    with bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _bar(console: Console, what: str) -> Progress | None:
    """None without rich, which is in the extra `probe`."""
    try:
        from rich.console import Console as Terminal
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
    except ImportError:
        return None
    columns = (what, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Terminal(file=console.err), transient=True)
