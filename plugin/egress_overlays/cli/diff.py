"""Say what becomes reachable, and what stops being reachable, from A to B.

Names are compared by what they mean: en.x.org removed while *.x.org stays is no change. Wildcards that widen are
marked, and so is a name that stays but is for more clients. With --rev, A is built as it was in two git revisions:
R1..R2, R1...R2 from where they parted, or R1 against the working tree; where a revision has no such overlay, all of the
other's is new or gone. Exit code 0, or with --exit-code 1 where there is a difference.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..rendered.identities import shown
from ..rendered.loading import nothing
from ..review.difference import Change, ClientChange, Difference, differences
from . import formats, inputs
from .console import Failure
from .report import DOUBTFUL, GOOD, SOFT, STRONG, Column, Line, Report, Row, Section

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from ..rendered.rendered import Rendered
    from .console import Console

EXAMPLE = "egress-overlays diff overlays/prod --rev main..HEAD -o markdown"

_LONGEST = 60_000  # characters: GitHub takes comments of 65,536
_WORDS = {"+": "opens", "-": "closes", "~": "other clients"}
COLUMNS = (
    Column("", matters=9),
    Column("name", is_quoted=True, matters=8),
    Column("remark", matters=5),
    Column("listed", is_quoted=True, matters=3),
)


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("a", metavar="A", help="what was: a directory, a file of YAML, or -")
    parser.add_argument("b", metavar="B", nargs="?", help="what is; may be left out with --rev: A again")
    parser.add_argument("--rev", metavar="R1..R2", default="", help="compare A at R1 with B at R2")
    parser.add_argument("--exit-code", action="store_true", help="exit with 1 where there is a difference")
    parser.add_argument(
        "--limit",
        type=int,
        default=_LONGEST,
        metavar="CHARACTERS",
        help=f"the longest that Markdown on stdout may be; 0 for no bound (default: {_LONGEST})",
    )
    inputs.add_report(parser, "markdown")


class DiffRow(NamedTuple):
    """A change in words: its sign (+, -, or ~ for other clients), the name, why to look twice, and who listed it."""

    sign: str
    change: Change | ClientChange
    remark: str
    listed: str


def run(arguments: Namespace, console: Console) -> int:
    """Print the difference."""
    with ExitStack() as stack:
        roots, before, after = _read(arguments, console, stack)
        found = differences(before, after)
        rows = [
            [
                *(_row("+", change, one.set_name, after, roots[1]) for change in one.opened),
                *(_row("-", change, one.set_name, before, roots[0]) for change in one.closed),
                *(DiffRow("~", change, _of_clients(change), "") for change in one.clients),
            ]
            for one in found
        ]
    title = f"{arguments.a}, {arguments.rev}" if arguments.rev else f"{arguments.a} to {arguments.b}"
    sections = [_section(one, changes, several=len(found) > 1) for one, changes in zip(found, rows, strict=True) if one]
    nothing_changes = Line("nothing becomes reachable, and nothing stops being reachable", GOOD)
    headlines = [] if sections else [nothing_changes]
    formats.write(Report("diff", title, data(found), headlines=headlines, sections=sections), arguments, console)
    return int(arguments.exit_code and any(found))


def _read(arguments: Namespace, console: Console, stack: ExitStack) -> tuple[list[Path], Rendered, Rendered]:
    """The two sides, and for each the directory that paths are relative to; temporary trees last as long as `stack`."""
    paths = [arguments.a, arguments.b or arguments.a]
    if not arguments.rev:
        if arguments.b is None:
            raise Failure("diff takes two paths, or one with --rev R1..R2")
        if paths == ["-", "-"]:
            raise Failure("stdin can be one of the two paths, not both")
        return [Path(), Path()], inputs.read_lists(paths[0], console), inputs.read_lists(paths[1], console)
    from ..rendered.revisions import UnknownRevision, at, pair

    try:
        revisions = pair(arguments.rev, paths[0])
        trees = [stack.enter_context(at(*one)) for one in zip(revisions, paths, strict=True)]
    except UnknownRevision as fault:
        raise Failure(str(fault)) from None
    names = [revision or "the working tree" for revision in revisions]
    missing = [not tree.exists() for _, tree in trees]
    if all(missing):
        raise Failure(f"{paths[0]} does not exist, neither in {names[0]} nor in {names[1]}")
    sides = []
    for (root, tree), name, path, absent in zip(trees, names, paths, missing, strict=True):
        if absent:
            console.say(f"egress-overlays: {path} does not exist in {name}: taken for an empty list")
            sides.append(nothing(path))
            continue
        try:
            sides.append(inputs.read_lists(str(tree), console))
        except Failure as fault:
            said = str(fault).replace(f"{root}/", "") if root != Path() else str(fault)
            raise Failure(f"{said} (in {name})") from None
    return [root for root, _ in trees], sides[0], sides[1]


def _row(sign: str, change: Change, set_name: str, side: Rendered, root: Path) -> DiffRow:
    entry = change.entry
    listed = ""
    if entry is not None:
        place = side.where.entry(entry.source, entry.group, entry.line)
        comment = f"  # {entry.comment}" if entry.comment else ""
        listed = f"{entry.group}, {str(place).removeprefix(f'{root}/')}{comment}"
    clients = side.clients(set_name, change.domain)
    limited = f"for {shown(clients)}" if clients is not None else ""
    remark = _remark(change, opened=sign == "+")
    return DiffRow(sign, change, "; ".join(filter(None, (remark, limited))), listed)


def _of_clients(change: ClientChange) -> str:
    words = "widens" if change.widens else "narrows"
    return f"{words}: for {shown(change.after) or 'every workload'}, was for {shown(change.before) or 'every workload'}"


def _remark(change: Change, *, opened: bool) -> str:
    """Why a change deserves a second look, in a few words."""
    if not change.is_wildcard:
        return ""
    touched = ", ".join(change.touches[:3]) + (", ..." if len(change.touches) > 3 else "")
    if opened:
        return f"wildcard, widens {touched}" if touched else "wildcard"
    return f"wildcard, {'leaves ' + touched if touched else 'all names below'}"


def _section(one: Difference, changes: Sequence[DiffRow], *, several: bool) -> Section:
    wildcards = sum(change.is_wildcard for change in one.opened)
    counts = f"{len(one.opened)} opened ({wildcards} by wildcard), {len(one.closed)} closed"
    headline = Line(f"set {one.set_name}: {counts}" if several else counts, STRONG)
    rows = [
        Row((_WORDS[row.sign], row.change.domain, row.remark, row.listed), _tone(row))
        for row in sorted(changes, key=lambda row: (row.sign, not row.change.domain.is_wildcard))
    ]
    return Section(headline, COLUMNS, rows)


def _tone(row: DiffRow) -> str:
    if isinstance(row.change, ClientChange):
        return DOUBTFUL if row.change.widens else SOFT
    return SOFT if row.sign == "-" else DOUBTFUL if row.change.is_wildcard else GOOD


def data(found: Sequence[Difference]) -> dict[str, Any]:
    """The difference as data; `patch` (RFC 6902) turns `before`, the lists by set, into `after`."""
    import jsonpatch

    before = {one.set_name: list(map(str, one.before)) for one in found}
    after = {one.set_name: list(map(str, one.after)) for one in found}
    return {
        "sets": [
            {
                "set": one.set_name,
                "opened": [_change(change) for change in one.opened],
                "closed": [_change(change) for change in one.closed],
                "clients": [
                    {
                        "name": str(change.domain),
                        "before": None if change.before is None else sorted(change.before),
                        "after": None if change.after is None else sorted(change.after),
                        "widens": change.widens,
                    }
                    for change in one.clients
                ],
            }
            for one in found
        ],
        "before": before,
        "after": after,
        "patch": jsonpatch.make_patch(before, after).patch,
    }


def _change(change: Change) -> dict[str, Any]:
    entry = change.entry
    return {
        "name": str(change.domain),
        "wildcard": change.is_wildcard,
        "covers": list(map(str, change.touches)),
        "group": entry.group if entry else None,
        "comment": entry.comment if entry else None,
    }
