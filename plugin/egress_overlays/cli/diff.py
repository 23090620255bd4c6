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
from . import inputs
from .console import Failure
from .output import Paint, printable, structured, table

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from ..rendered.rendered import Rendered
    from .console import Console

EXAMPLE = "egress-overlays diff overlays/prod --rev main..HEAD -o markdown"

_LONGEST = 60_000  # characters of all tables: GitHub takes comments of 65,536
_WORDS = {"+": "opens", "-": "closes", "~": "other clients"}
_COLOURS = {"+": "green", "-": "red", "~": "yellow"}


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("a", metavar="A", help="what was: a directory, a file of YAML, or -")
    parser.add_argument("b", metavar="B", nargs="?", help="what is; may be left out with --rev: A again")
    parser.add_argument("--rev", metavar="R1..R2", default="", help="compare A at R1 with B at R2")
    parser.add_argument("--exit-code", action="store_true", help="exit with 1 where there is a difference")
    inputs.add_output(parser, "markdown")


class Row(NamedTuple):
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
                *(Row("~", change, _of_clients(change), "") for change in one.clients),
            ]
            for one in found
        ]
    title = f"{arguments.a}, {arguments.rev}" if arguments.rev else f"{arguments.a} to {arguments.b}"
    if arguments.output == "text":
        console.write("\n".join(_text(found, rows, Paint(console, console.out))))
    elif arguments.output == "markdown":
        console.write(markdown(found, rows, title))
    else:
        console.write(structured(data(found), arguments.output))
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


def _row(sign: str, change: Change, set_name: str, side: Rendered, root: Path) -> Row:
    entry = change.entry
    listed = ""
    if entry is not None:
        place = side.where.entry(entry.source, entry.group, entry.line)
        comment = f"  # {entry.comment}" if entry.comment else ""
        listed = printable(f"{entry.group}, {str(place).removeprefix(f'{root}/')}{comment}")
    clients = side.clients(set_name, change.domain)
    limited = f"for {shown(clients)}" if clients is not None else ""
    remark = _remark(change, opened=sign == "+")
    return Row(sign, change, "; ".join(filter(None, (remark, limited))), listed)


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


def _text(found: Sequence[Difference], rows: Sequence[Sequence[Row]], paint: Paint) -> list[str]:
    lines = []
    for one, changes in zip(found, rows, strict=True):
        if one and len(found) > 1:
            lines.append(paint(f"set {one.set_name}", "bold"))
        cells = [(f"{row.sign} {row.change.domain}", row.remark, row.listed) for row in changes]
        for line, row in zip(table(("", "", ""), cells)[1:], changes, strict=True):
            lines.append(paint(line, _COLOURS[row.sign]))
    return lines or ["nothing becomes reachable, and nothing stops being reachable"]


def markdown(found: Sequence[Difference], rows: Sequence[Sequence[Row]], title: str) -> str:
    """A comment for a pull request: short where nothing changed, wildcards first to be seen where something did."""
    lines = [f"### Egress: {_code(title)}", ""]
    left = _LONGEST
    for one, changes in zip(found, rows, strict=True):
        if not one:
            continue
        wildcards = sum(change.is_wildcard for change in one.opened)
        counts = f"**{len(one.opened)} opened** ({wildcards} by wildcard), **{len(one.closed)} closed**"
        lines += [f"Set {_code(one.set_name)}: {counts}", "", "| | name | remark | listed |", "|---|---|---|---|"]
        for at, row in enumerate(sorted(changes, key=lambda row: (row.sign, not row.change.domain.is_wildcard))):
            line = _table_row(row)
            left -= len(line) + 1
            if left < 0:
                lines.append(f"| | and {len(changes) - at} more | `egress-overlays diff` shows all | |")
                break
            lines.append(line)
        lines.append("")
    if len(lines) == 2:
        lines.append("Nothing becomes reachable, and nothing stops being reachable.")
    return "\n".join(lines).rstrip() + "\n"


def _table_row(row: Row) -> str:
    word = f":warning: {_WORDS[row.sign]}" if _is_warned_of(row) else _WORDS[row.sign]
    return f"| {word} | {_code(row.change.domain)} | {_plain(row.remark)} | {_plain(row.listed)} |"


def _is_warned_of(row: Row) -> bool:
    if isinstance(row.change, ClientChange):
        return row.change.widens
    return row.sign == "+" and row.change.is_wildcard


def _plain(text: str) -> str:
    """`text` as Markdown that shows it as it is: comments of a list are not to make links, images or mentions."""
    escaped = "".join(f"\\{char}" if char in "\\`*_[]<>|!#~" else char for char in text)
    # A zero-width joiner keeps GitHub from taking a mention or an address for one.
    return escaped.replace("@", "@\u200d").replace("://", ":\u200d//")


def _code(text: str) -> str:
    return "`" + text.replace("`", "'").replace("|", "\\|") + "`"


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
