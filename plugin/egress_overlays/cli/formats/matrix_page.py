"""What the page of `matrix` shows: equal environments as one column, lists, owners and risks beside each name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...review.environments import COVERED, LISTED, NO, PARTLY
from ...version import VERSION
from .escaping import html

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..report import Report

_WORDS = {LISTED: "listed", COVERED: "covered", PARTLY: "partly", NO: "no"}
_SIGNS = {LISTED: "✓", COVERED: "✱", PARTLY: "◐", NO: "·"}

_FEW = 12
"""More columns than that are narrow, and their boxes are folded."""
_CELLS = 4_000
"""How many cells a browser makes at a time."""
_FEWEST = 25
"""Rows at a time, at least."""


def values(report: Report) -> dict[str, str]:
    """What stands in the places of the page.

    Without JavaScript it shows its first rows, and neither filters nor searches. Cells that say the same stand there
    once, and rows beyond the first name them by number: the page stays small, and a browser makes what is in sight.
    """
    rows: Sequence[dict[str, Any]] = report.data["names"]
    columns = _folded(report.data["environments"], rows)
    several = len({row["set"] for row in rows}) > 1
    shown = {first: _title(alike) for first, alike in columns.items()}
    all_titles = {first: html(", ".join(alike)) for first, alike in columns.items()}
    head = "".join(
        f'<th scope="col" class="env" title="{all_titles[first]}">{html(title)}</th>' for first, title in shown.items()
    )
    chips = "".join(
        f'<label title="{all_titles[first]}"><input type="checkbox" name="env" value="{at}"> {html(title)}</label>'
        for at, (first, title) in enumerate(shown.items())
    )
    is_many = len(shown) > _FEW
    count = max(_FEWEST, _CELLS // max(len(shown), 1))
    cells = _Cells()
    written = [_row(row, shown, cells, several=several, inline=at < count) for at, row in enumerate(rows)]
    made = ", ".join(filter(None, [report.data["revision"], report.data["date"]]))
    left = len(rows) - count
    return {
        "TITLE": html(", ".join(list(shown.values())[:_FEW])) + (f" and {len(shown) - _FEW} more" if is_many else ""),
        "MADE": html(f"Of {made}. " if made else ""),
        "COUNT": str(len(rows)),
        "ENVIRONMENTS": _chips(chips, len(shown)),
        "MANY": ' class="many"' if is_many else "",
        "LABELS": "".join(
            f'td.env:nth-child({at}) {{ --env: "{_css(title)}"; }}\n'
            for at, title in enumerate(shown.values(), 3 if several else 2)
        ),
        "SET": '<th scope="col">Set</th>' if several else "",
        "HEAD": head,
        "BODY": "\n".join(written[:count]),
        "STEP": str(count),
        "LEFT": f"<noscript><p>{left} more names need JavaScript.</p></noscript>" if left > 0 else "",
        "FURTHER": "\n".join(written[count:]),
        "CELLS": "".join(cells.numbers),
        "VERSION": html(VERSION),
    }


class _Cells:
    """Cells by their text, each with its number."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of the cell `text`."""
        return self.numbers.setdefault(text, len(self.numbers))


def _chips(chips: str, count: int) -> str:
    """The boxes to tick; folded where they would fill the screen."""
    if count <= _FEW:
        return f"<fieldset><legend>Allowed in</legend>{chips}</fieldset>"
    return f"<details><summary>Allowed in ({count} environments)</summary><fieldset>{chips}</fieldset></details>"


def _css(text: str) -> str:
    """`text` as it may stand in a string of a style sheet: all but plain letters by number."""
    return "".join(char if char.isascii() and char.isalnum() else f"\\{ord(char):06x}" for char in text)


def _folded(titles: Sequence[str], rows: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """The environments by the first of those that say the same of every name."""
    found: dict[str, list[str]] = {}
    by_cells: dict[str, str] = {}
    for title in titles:
        cells = repr([row["in"][title] for row in rows])
        found.setdefault(by_cells.setdefault(cells, title), []).append(title)
    return found


def _title(alike: Sequence[str]) -> str:
    return ", ".join(alike) if len(alike) < 4 else f"{alike[0]}, {alike[1]} and {len(alike) - 2} more"


def _row(row: dict[str, Any], shown: dict[str, str], numbers: _Cells, *, several: bool, inline: bool) -> str:
    cells = [row["in"][title] for title in shown]
    texts = list(map(_cell, cells))
    kind = "wildcard" if row["name"].startswith("*") else "name"
    set_cell = f"<td>{html(row['set'])}</td>" if several else ""
    comments = f"<small>{html('; '.join(row['comments']))}</small>" if row["comments"] else ""
    risk = row["risk"]
    warned = f' title="{html(risk["said"])}">{html(risk["class"])}</td>' if risk else "></td>"
    flags = f'data-differs="{int(row["differs"])}" data-risk="{int(bool(risk))}"'
    lists, owners = html(", ".join(row["lists"])), html(", ".join(row["owners"]))
    allowed = sum(cell["state"] in (LISTED, COVERED) for cell in cells)
    total = f'<button type="button" class="sum">in {allowed} of {len(cells)}</button>' if len(cells) > _FEW else ""
    return (
        f'<tr data-cells="{" ".join(str(numbers.number(text)) for text in texts)}" data-kind="{kind}" {flags}>'
        f'<th scope="row">{html(row["name"])}{total}</th>{set_cell}{"".join(texts) if inline else ""}'
        f'<td class="risk"{warned}<td class="list">{lists}</td><td class="owner">{owners}</td>'
        f'<td class="why">{html(", ".join(row["groups"]))}{comments}</td></tr>'
    )


def _cell(cell: dict[str, Any]) -> str:
    state = cell["state"]
    if state == NO:
        return f'<td class="env no">{_SIGNS[NO]}</td>'
    names = ", ".join(cell["by"][:5])
    by = f" by {names}" if state == COVERED else f": {names}" if names else ""
    limited = f" for {', '.join(cell['clients'])}" if cell["clients"] else ""
    limited += f"; reported: {', '.join(cell['reported'])}" if "reported" in cell else ""
    words = html(f"{_WORDS[state]}{by}{limited}")
    small = f"<small>{html(limited.strip())}</small>" if limited else ""
    return (
        f'<td class="env {state}"><span aria-hidden="true">{_SIGNS[state]}</span>'
        f'<span class="word">{words}</span>{small}</td>'
    )
