"""How a report is looked at."""

from __future__ import annotations

from typing import NamedTuple


class View(NamedTuple):
    """The format `form`, whether `colour` is shown, the terminal's `width`, and how long the text may be (`limit`).

    0 is no bound. `every`: what is folded is shown too. `docs`: the address of docs/commands.md, where there is one.
    """

    form: str
    colour: bool = False
    width: int = 0
    limit: int = 0
    every: bool = False
    docs: str = ""
