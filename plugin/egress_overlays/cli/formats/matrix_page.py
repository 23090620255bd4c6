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


def values(report: Report) -> dict[str, str]:
    """What stands in the places of the page; it works without JavaScript too, but for filter and search."""
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
    made = ", ".join(filter(None, [report.data["revision"], report.data["date"]]))
    return {
        "TITLE": html(", ".join(shown.values())),
        "MADE": html(f"Of {made}. " if made else ""),
        "COUNT": str(len(rows)),
        "ENVIRONMENTS": chips,
        "SET": '<th scope="col">Set</th>' if several else "",
        "HEAD": head,
        "BODY": "\n".join(_row(row, shown, several=several) for row in rows),
        "VERSION": html(VERSION),
    }


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


def _row(row: dict[str, Any], shown: dict[str, str], *, several: bool) -> str:
    cells = [row["in"][title] for title in shown]
    states = " ".join(cell["state"] for cell in cells)
    kind = "wildcard" if row["name"].startswith("*") else "name"
    set_cell = f"<td>{html(row['set'])}</td>" if several else ""
    marks = "".join(_cell(cell, title) for cell, title in zip(cells, shown.values(), strict=True))
    comments = f"<small>{html('; '.join(row['comments']))}</small>" if row["comments"] else ""
    risk = row["risk"]
    warned = f'<td class="risk" title="{html(risk["said"])}">{html(risk["class"])}</td>' if risk else "<td></td>"
    flags = f'data-differs="{int(row["differs"])}" data-risk="{int(bool(risk))}"'
    lists, owners = html(", ".join(row["lists"])), html(", ".join(row["owners"]))
    return (
        f'<tr data-states="{states}" data-kind="{kind}" {flags}><th scope="row">{html(row["name"])}</th>'
        f'{set_cell}{marks}{warned}<td class="list">{lists}</td><td>{owners}</td>'
        f'<td class="why">{html(", ".join(row["groups"]))}{comments}</td></tr>'
    )


def _cell(cell: dict[str, Any], title: str) -> str:
    state = cell["state"]
    if state == NO:
        # Most cells of a large page: as short as can be.
        return f'<td class="env no">{_SIGNS[NO]}</td>'
    names = ", ".join(cell["by"][:5])
    by = f" by {names}" if state == COVERED else f": {names}" if names else ""
    limited = f" for {', '.join(cell['clients'])}" if cell["clients"] else ""
    words = html(f"{_WORDS[state]}{by}{limited}")
    small = f"<small>{html(limited.strip())}</small>" if limited else ""
    return (
        f'<td class="env {state}" data-env="{html(title)}" title="{words}"><span aria-hidden="true">'
        f'{_SIGNS[state]}</span><span class="word">{words}</span>{small}</td>'
    )
