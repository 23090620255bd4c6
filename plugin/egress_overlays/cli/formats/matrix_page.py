"""The matrix as one HTML page, which works without JavaScript too, but for filter and search."""

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


def values(report: Report) -> dict[str, str]:
    """What stands in the places of matrix.html."""
    titles: Sequence[str] = report.data["environments"]
    rows: Sequence[dict[str, Any]] = report.data["names"]
    several = len({row["set"] for row in rows}) > 1
    head = "".join(f'<th scope="col" class="env">{html(title)}</th>' for title in titles)
    body = "\n".join(_row(row, titles, several=several) for row in rows)
    chips = "".join(
        f'<label><input type="checkbox" name="env" value="{index}"> {html(title)}</label>'
        for index, title in enumerate(titles)
    )
    return {
        "TITLE": html(", ".join(titles)),
        "COUNT": str(len(rows)),
        "ENVIRONMENTS": chips,
        "SET": '<th scope="col">Set</th>' if several else "",
        "HEAD": head,
        "BODY": body,
        "VERSION": html(VERSION),
    }


def _row(row: dict[str, Any], titles: Sequence[str], *, several: bool) -> str:
    cells = [row["in"][title] for title in titles]
    states = " ".join(cell["state"] for cell in cells)
    kind = "wildcard" if row["name"].startswith("*") else "name"
    set_cell = f"<td>{html(row['set'])}</td>" if several else ""
    shown = "".join(_cell(cell, title) for cell, title in zip(cells, titles, strict=True))
    comments = f"<small>{html('; '.join(row['comments']))}</small>" if row["comments"] else ""
    differs = int(row["differs"])
    return (
        f'<tr data-states="{states}" data-kind="{kind}" data-differs="{differs}"><th scope="row">{html(row["name"])}'
        f'</th>{set_cell}{shown}<td class="why">{html(", ".join(row["groups"]))}{comments}</td></tr>'
    )


def _cell(cell: dict[str, Any], title: str) -> str:
    state = cell["state"]
    names = ", ".join(cell["by"][:5])
    by = f" by {names}" if state == COVERED else f": {names}" if names else ""
    limited = f" for {', '.join(cell['clients'])}" if cell["clients"] else ""
    words = html(f"{_WORDS[state]}{by}{limited}")
    shown = f"<small>{html(limited.strip())}</small>" if limited else ""
    return (
        f'<td class="env {state}" data-env="{html(title)}" title="{words}"><span aria-hidden="true">'
        f'{_SIGNS[state]}</span><span class="word">{words}</span>{shown}</td>'
    )
