"""The matrix as one HTML page that needs nothing from elsewhere."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from ..review.environments import COVERED, LISTED, NO, PARTLY, Cell, Row
from ..version import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORDS = {LISTED: "listed", COVERED: "covered", PARTLY: "partly", NO: "no"}
_SIGNS = {LISTED: "✓", COVERED: "✱", PARTLY: "◐", NO: "·"}


def page(titles: Sequence[str], rows: Sequence[Row]) -> str:
    """The page; it works without JavaScript too, but for filter and search."""
    several = len({row.set_name for row in rows}) > 1
    head = "".join(f'<th scope="col" class="env">{escape(title)}</th>' for title in titles)
    body = "\n".join(_row(row, titles, several=several) for row in rows)
    chips = "".join(
        f'<label><input type="checkbox" name="env" value="{index}"> {escape(title)}</label>'
        for index, title in enumerate(titles)
    )
    values = {
        "TITLE": escape(", ".join(titles)),
        "COUNT": str(len(rows)),
        "ENVIRONMENTS": chips,
        "SET": '<th scope="col">Set</th>' if several else "",
        "HEAD": head,
        "BODY": body,
        "VERSION": escape(VERSION),
    }
    text = Path(__file__).with_name("matrix.html").read_text(encoding="utf-8")
    before, *parts = text.split("{{")
    # One pass: a name on a list can never be taken for a placeholder.
    return before + "".join(values[part.partition("}}")[0]] + part.partition("}}")[2] for part in parts)


def _row(row: Row, titles: Sequence[str], *, several: bool) -> str:
    name = escape(row.name)
    states = " ".join(cell.state for cell in row.cells)
    kind = "wildcard" if row.name.is_wildcard else "name"
    set_cell = f"<td>{escape(row.set_name)}</td>" if several else ""
    cells = "".join(_cell(cell, title) for cell, title in zip(row.cells, titles, strict=True))
    comments = f"<small>{escape('; '.join(row.comments))}</small>" if row.comments else ""
    return (
        f'<tr data-states="{states}" data-kind="{kind}" data-differs="{int(row.differs)}"><th scope="row">{name}</th>'
        f'{set_cell}{cells}<td class="why">{escape(", ".join(row.groups))}{comments}</td></tr>'
    )


def _cell(cell: Cell, title: str) -> str:
    by = f" by {', '.join(cell.by[:5])}" if cell.state == COVERED else f": {', '.join(cell.by[:5])}" if cell.by else ""
    limited = f" for {', '.join(cell.clients)}" if cell.clients else ""
    words = escape(f"{_WORDS[cell.state]}{by}{limited}")
    shown = f"<small>{escape(limited.strip())}</small>" if limited else ""
    return (
        f'<td class="env {cell.state}" data-env="{escape(title)}" title="{words}"><span aria-hidden="true">'
        f'{_SIGNS[cell.state]}</span><span class="word">{words}</span>{shown}</td>'
    )
