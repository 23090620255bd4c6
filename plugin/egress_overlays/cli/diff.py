"""Say what becomes reachable, and what stops being reachable, from A to B.

Names are compared by what they mean: en.x.org removed while *.x.org stays is no change. What opens comes first: ways
around the lists, limits that are lifted, names (for every workload, wildcards and risks in front), lists for more
clients. What the function opens for a port of a name follows from that line, and is told so; an object beside the lists
that surely lets nothing more through stands with what closes. With --rev, A is built as it was in two git revisions:
R1..R2, R1...R2 from where they parted, or R1 against the working tree; where a revision has no such overlay, all of the
other's is new or gone. With --rev and no path, or a glob or DIR/..., every overlay that runs the function is compared,
and a change that is the same in many is told once.
Exit code 0, or 1 with --exit-code where there is a difference; 2 where something could not be compared.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..rendered.blame import Blame, head, latest
from ..rendered.loading import nothing
from ..rendered.overlays import is_pattern
from ..review.difference import Change, Difference, differences
from ..review.rows import FOLLOWS, HEAD, OPENS, counts, merged
from ..review.verification.lifetimes import DISTANT, is_distant, lifetime
from . import formats, inputs
from .compared import Comparison, Side, chosen, compare, rows_between
from .console import Failure
from .differing import foot, headlines
from .differing_rows import sections
from .progress import progress
from .report import Report

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from ..rendered.rendered import Rendered
    from .console import Console

EXAMPLE = "egress-overlays diff --rev main..HEAD -o markdown"

_LONGEST = 60_000  # characters: GitHub takes comments of 65,536


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument(
        "a", metavar="A", nargs="?", help="what was: a directory, a file of YAML, or -; with --rev a glob"
    )
    parser.add_argument("b", metavar="B", nargs="?", help="what is; may be left out with --rev: A again")
    parser.add_argument("--rev", metavar="R1..R2", default="", help="compare A at R1 with B at R2")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="GLOB",
        help="of whole trees, the overlays whose paths match (repeatable): overlays/*, or apps/... with all below",
    )
    parser.add_argument("--exit-code", action="store_true", help="exit with 1 where there is a difference")
    parser.add_argument("--all", action="store_true", help="show the names of folded rows too")
    parser.add_argument(
        "--limit",
        type=int,
        default=_LONGEST,
        metavar="CHARACTERS",
        help=f"the longest that Markdown on stdout may be; 0 for no bound (default: {_LONGEST})",
    )
    inputs.add_today(parser)
    inputs.add_report(parser, "markdown")


def run(arguments: Namespace, console: Console) -> int:
    """Print the difference."""
    more: dict[str, Any] = {}
    with ExitStack() as stack:
        if arguments.rev and arguments.b is None and (not arguments.a or is_pattern(arguments.a)):
            found = _trees(arguments, console, stack)
        else:
            found, more = _pair(arguments, console, stack)
        rows = merged((one.overlay, one.rows) for one in found if not one.reason)
        _attribute(rows, arguments.rev)
        compared = _commits(arguments.rev, arguments.a or ".")
    for row in rows:
        last = date.fromisoformat(row["until"]) if row["until"] else None
        judged = lifetime(last, arguments.today) or (DISTANT if is_distant(last, arguments.today) else "")
        row["lifetime"] = judged or None
    missing = [{"overlay": one.overlay, "reason": one.reason} for one in found if one.reason]
    data = {
        **compared,
        "overlays": [one.overlay for one in found],
        "notCompared": missing,
        "counts": counts(rows),
        "changes": rows,
        **more,
    }
    report = Report(
        "diff", _title(arguments), data, headlines=headlines(data), sections=sections(data), foot=foot(data)
    )
    formats.write(report, arguments, console)
    return 2 if missing else int(arguments.exit_code and bool(rows))


def _title(arguments: Namespace) -> str:
    if not arguments.rev:
        return f"{arguments.a} to {arguments.b}"
    what = " ".join(filter(None, [arguments.a, arguments.b, *arguments.only])) or "all overlays"
    return f"{what}, {arguments.rev}"


def _trees(arguments: Namespace, console: Console, stack: ExitStack) -> list[Comparison]:
    """All overlays of both revisions, compared."""
    sides = _sides(arguments.rev, [".", "."], stack)
    patterns = [*filter(None, [arguments.a]), *arguments.only]
    paths = chosen(sides, patterns)
    if not paths:
        of = f" that match {', '.join(patterns)}" if patterns else ""
        raise Failure(f"no overlays{of}: no kustomization here has the function among its transformers or components")
    bar = stack.enter_context(progress(console, "building"))
    return compare(paths, sides, arguments.today, bar)


def _sides(rev: str, paths: Sequence[str], stack: ExitStack) -> list[Side]:
    from ..rendered.revisions import UnknownRevision, at, pair

    try:
        revisions = pair(rev, paths[0])
        trees = [stack.enter_context(at(*one)) for one in zip(revisions, paths, strict=True)]
    except UnknownRevision as fault:
        raise Failure(str(fault)) from None
    return [Side(name or "the working tree", *tree) for name, tree in zip(revisions, trees, strict=True)]


def _pair(arguments: Namespace, console: Console, stack: ExitStack) -> tuple[list[Comparison], dict[str, Any]]:
    """A and B, compared, and what JSON has for one pair alone."""
    roots, before, after = _read(arguments, console, stack)
    rows = rows_between((before, roots[0]), (after, roots[1]), arguments.today)
    return [Comparison(arguments.b or arguments.a, rows)], data(differences(before, after))


def _read(arguments: Namespace, console: Console, stack: ExitStack) -> tuple[list[Path], Rendered, Rendered]:
    """The two sides, and for each the directory that paths are relative to; temporary trees last as long as `stack`."""
    paths = [arguments.a, arguments.b or arguments.a]
    if not arguments.rev:
        if arguments.a is None or arguments.b is None:
            raise Failure("diff takes two paths, or with --rev R1..R2 one or none")
        if paths == ["-", "-"]:
            raise Failure("stdin can be one of the two paths, not both")
        return [Path(), Path()], inputs.read_lists(paths[0], console), inputs.read_lists(paths[1], console)
    sides = _sides(arguments.rev, paths, stack)
    missing = [not side.tree.exists() for side in sides]
    if all(missing):
        raise Failure(f"{paths[0]} does not exist, neither in {sides[0].name} nor in {sides[1].name}")
    read = []
    for side, path, absent in zip(sides, paths, missing, strict=True):
        if absent:
            console.say(f"egress-overlays: {path} does not exist in {side.name}: taken for an empty list")
            read.append(nothing(path))
            continue
        try:
            read.append(inputs.read_lists(str(side.tree), console))
        except Failure as fault:
            said = str(fault).replace(f"{side.root}/", "") if side.root != Path() else str(fault)
            raise Failure(f"{said} (in {side.name})") from None
    return [side.root for side in sides], read[0], read[1]


def _attribute(rows: Sequence[dict[str, Any]], rev: str) -> None:
    """Say by which commit each came: of what opens that of the line, or else the last one that changed the file."""
    from ..rendered.revisions import UnknownRevision, pair, top

    blame, repository, revisions = None, Path(), ""
    if rev:
        try:
            before, revision = pair(rev, ".")
            repository, revisions = (top(".") if revision else Path()), f"{before}..{revision or 'HEAD'}"
            blame = Blame(repository, revision)
        except UnknownRevision:
            blame = None  # the paths are of another repository than the working directory
    for row in rows:
        commit = None
        if blame and row["file"]:
            if row["kind"] in (OPENS, FOLLOWS) and row["side"] == HEAD:
                commit = blame.of(row["file"], row["line"] or 0)
            else:
                commit = latest(repository, revisions, row["file"])
        row["commit"] = commit._asdict() if commit else None


def _commits(rev: str, path: str) -> dict[str, dict[str, str] | None]:
    """The commits of both sides; None for files, and for the working tree."""
    if not rev:
        return {"base": None, "head": None}
    from ..rendered.revisions import pair, top

    near = "." if is_pattern(path) else path
    found = [head(top(near), revision) if revision else None for revision in pair(rev, near)]
    base, last = (one._asdict() if one else None for one in found)
    return {"base": base, "head": last}


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
                        **({"without": list(map(str, change.without))} if change.without else {}),
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
        **({"without": list(map(str, change.without))} if change.without else {}),
        "group": entry.group if entry else None,
        "comment": entry.comment if entry else None,
    }
