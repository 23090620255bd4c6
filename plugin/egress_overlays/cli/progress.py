"""A progress bar for what takes long, on a terminal alone."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .console import Console


@contextmanager
def progress(console: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    """Called with how many of how many are done; says nothing where stderr is no terminal, or rich is not installed."""
    try:
        from rich.console import Console as Terminal
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
    except ImportError:
        Progress = None  # type: ignore[assignment,misc]  # noqa: N806 - rich is in the extra `probe`
    if Progress is None or not console.err.isatty():
        yield lambda _done, _total: None
        return
    terminal = Terminal(file=console.err)
    columns = (what, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=terminal, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
