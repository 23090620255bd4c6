"""Show names by environment: as text, Markdown, JSON, YAML, or one HTML page to filter and search.

"listed" has the name itself on its list, "covered" a wildcard that covers it, "partly" some of the names that this
wildcard stands for; clients stand in the place of "yes" where the name is for these alone. The page needs nothing from
elsewhere, and may be kept as a build's artifact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..review.environments import COVERED, LISTED, NO, PARTLY, Cell, Row, matrix
from . import inputs
from .console import Failure
from .output import Paint, printable, structured, table

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
    inputs.add_output(parser, "markdown", "html")
    parser.add_argument("--differing", action="store_true", help="only names that not every environment allows")


def run(arguments: Namespace, console: Console) -> int:
    """Print the matrix; 0."""
    if arguments.paths.count("-") > 1:
        raise Failure("stdin can be one of the paths only")
    environments = [inputs.read_lists(path, console) for path in arguments.paths]
    rows = matrix(environments)
    if arguments.differing:
        rows = [row for row in rows if row.differs]
    titles = titled(environments)
    if arguments.output == "text":
        console.write("\n".join(_text(titles, rows, Paint(console, console.out))))
    elif arguments.output == "markdown":
        console.write(_markdown(titles, rows))
    elif arguments.output == "html":
        from .page import page

        console.write(page(titles, rows))
    else:
        console.write(structured(data(titles, rows), arguments.output))
    return 0


def titled(environments: Sequence[Rendered]) -> list[str]:
    """A short name for each environment; the whole path where two would have the same."""
    titles = [environment.title for environment in environments]
    return [
        environment.shown if titles.count(title) > 1 else title
        for environment, title in zip(environments, titles, strict=True)
    ]


def data(titles: Sequence[str], rows: Sequence[Row]) -> dict[str, Any]:
    """The matrix as data."""
    return {
        "environments": list(titles),
        "names": [
            {
                "name": str(row.name),
                "set": row.set_name,
                "groups": list(row.groups),
                "comments": list(row.comments),
                "in": {title: _cell(cell) for title, cell in zip(titles, row.cells, strict=True)},
            }
            for row in rows
        ],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    clients = None if cell.clients is None else list(cell.clients)
    return {"state": cell.state, "by": list(map(str, cell.by)), "clients": clients}


def _rows(rows: Sequence[Row]) -> list[list[str]]:
    several = len({row.set_name for row in rows}) > 1
    return [
        [
            str(row.name),
            row.set_name if several else "",
            *(", ".join(cell.clients) if cell.clients else _SIGNS[cell.state] for cell in row.cells),
            ", ".join(row.groups),
        ]
        for row in rows
    ]


def _text(titles: Sequence[str], rows: Sequence[Row], paint: Paint) -> list[str]:
    header = ["NAME", "SET", *(title.upper() for title in titles), "GROUPS"]
    lines = table(header, [[printable(cell) for cell in row] for row in _rows(rows)])
    return [paint(lines[0], "bold"), *lines[1:]]


def _markdown(titles: Sequence[str], rows: Sequence[Row]) -> str:
    signs = {"yes": "yes", "covered": "covered", "partly": "partly", "-": " "}
    several = len({row.set_name for row in rows}) > 1
    header = ["name", *(["set"] if several else []), *titles, "groups"]
    lines = [f"| {' | '.join(map(_plain, header))} |", f"|{'---|' * len(header)}"]
    for cells in _rows(rows):
        name, set_name, *states, groups = cells
        shown = [
            f"`{name}`",
            *([_plain(set_name)] if several else []),
            *(signs.get(one) or _plain(one) for one in states),
            _plain(groups),
        ]
        lines.append(f"| {' | '.join(shown)} |")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    return printable(text).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
