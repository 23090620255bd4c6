"""Show names by environment: as text, Markdown, JSON, YAML, or one HTML page to filter and search.

"listed" has the name itself on its list, "covered" a wildcard that covers it, "partly" some of the names that this
wildcard stands for; clients stand in the place of "yes" where the name is for these alone. The page needs nothing from
elsewhere, and may be kept as a build's artifact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..rendered.blame import head
from ..review.environments import COVERED, LISTED, NO, PARTLY, Cell, matrix
from ..review.environments import Row as NameRow
from ..review.rows import risk
from . import formats, inputs
from .console import Failure
from .report import Column, Report, Row, Section

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from ..rendered.rendered import Rendered
    from .console import Console

EXAMPLE = "egress-overlays matrix -o html overlays/dev overlays/staging overlays/prod > egress.html"
_SIGNS = {LISTED: "yes", COVERED: "covered", PARTLY: "partly", NO: "-"}


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    inputs.add_path(parser, several=True)
    inputs.add_report(parser, "markdown", "html")
    parser.add_argument("--differing", action="store_true", help="only names that not every environment allows")


def run(arguments: Namespace, console: Console) -> int:
    """Print the matrix; 0."""
    if arguments.paths.count("-") > 1:
        raise Failure("stdin can be one of the paths only")
    environments = inputs.side_by_side(inputs.overlays_of(arguments.paths), console, inputs.read_lists)
    rows = matrix(environments)
    if arguments.differing:
        rows = [row for row in rows if row.differs]
    titles = titled(environments)
    found = data(titles, rows)
    formats.write(Report("matrix", ", ".join(titles), found, sections=[_section(found)]), arguments, console)
    return 0


def titled(environments: Sequence[Rendered]) -> list[str]:
    """A short name for each environment; the whole path where two would have the same."""
    titles = [environment.title for environment in environments]
    return [
        environment.shown if titles.count(title) > 1 else title
        for environment, title in zip(environments, titles, strict=True)
    ]


def data(titles: Sequence[str], rows: Sequence[NameRow]) -> dict[str, Any]:
    """The matrix as data, of the commit that is checked out, where there is one."""
    commit = head()
    return {
        "environments": list(titles),
        "revision": commit.id if commit else None,
        "date": commit.date if commit else None,
        "names": [
            {
                "name": str(row.name),
                "set": row.set_name,
                "groups": list(row.groups),
                "comments": list(row.comments),
                "lists": list(row.lists),
                "owners": list(row.owners),
                "risk": risk(row.name),
                "differs": row.differs,
                "in": {title: _cell(cell) for title, cell in zip(titles, row.cells, strict=True)},
            }
            for row in rows
        ],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    clients = None if cell.clients is None else list(cell.clients)
    reported = {"reported": list(cell.reported)} if cell.reported else {}
    return {"state": cell.state, "by": list(map(str, cell.by)), "clients": clients, **reported}


def _section(found: dict[str, Any]) -> Section:
    titles = found["environments"]
    columns = (
        Column("name", is_quoted=True, matters=9),
        Column("set", is_quoted=True, matters=3),
        *(Column(title, matters=5) for title in titles),
        Column("risk", matters=8),
        Column("owner", is_quoted=True, matters=4),
        Column("groups", is_quoted=True, matters=2),
    )
    several = len({row["set"] for row in found["names"]}) > 1
    rows = [
        Row(
            (
                row["name"],
                row["set"] if several else "",
                *(_cell_text(row["in"][title]) for title in titles),
                row["risk"]["class"] if row["risk"] else "",
                ", ".join(row["owners"]),
                ", ".join(row["groups"]),
            )
        )
        for row in found["names"]
    ]
    return Section(None, columns, rows)


def _cell_text(cell: dict[str, Any]) -> str:
    shown = ", ".join(cell["clients"]) if cell["clients"] else _SIGNS[cell["state"]]
    return f"{shown}; reported: {', '.join(cell['reported'])}" if "reported" in cell else shown
