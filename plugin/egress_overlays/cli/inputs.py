"""The arguments that commands share, and what they stand for."""

from __future__ import annotations

import os
import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from ..lists.clients import Client, InvalidClient, parse
from ..manifest.findings import ERROR
from ..manifest.quantities import many
from ..manifest.resource import DEFAULT_SET
from ..names.domain import ascii_quoted
from ..rendered import staleness
from ..rendered.loading import from_text, load
from ..rendered.overlays import is_pattern, matches, overlays
from ..rendered.rendered import STDIN, Unreadable
from ..rendered.tree import KUSTOMIZATIONS
from .console import Console, Failure
from .formats.escaping import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Sequence
    from datetime import date

    from ..rendered.rendered import Rendered

# A label's value, as the API server takes it.
_LABEL = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
FORMATS = ("text", "json", "yaml")


def add_path(parser: ArgumentParser, *, several: bool = False) -> None:
    """The argument PATH, or PATH..."""
    parser.add_argument(
        "paths" if several else "path",
        nargs="+" if several else None,
        metavar="PATH",
        help="a kustomization directory, a file of YAML (rendered, live, or a domains ConfigMap), or - for stdin"
        + ("; overlays/* and DIR/... stand for the overlays that match" if several else ""),
    )


def add_today(parser: ArgumentParser) -> None:
    """The option --today, by which the last days of names are judged."""
    parser.add_argument(
        "--today",
        type=_day,
        default=datetime.now(UTC).date(),
        metavar="YYYY-MM-DD",
        help="the day that until= of names is judged by (default: the clock's)",
    )


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise ArgumentTypeError(f'"{text}" is no YYYY-MM-DD') from None


def add_output(parser: ArgumentParser, *more: str, default: str = "text") -> None:
    """The option -o with the formats that every command has, and `more`."""
    parser.add_argument(
        "-o",
        "--output",
        choices=[*FORMATS, *more],
        default=default,
        metavar="FORMAT",
        help=f"{', '.join([*FORMATS, *more])} (default: {default})",
    )


def add_report(parser: ArgumentParser, *more: str) -> None:
    """The options of a command whose answer is a Report: -o, --save and --wide."""
    add_output(parser, *more)
    parser.add_argument(
        "--save",
        action="append",
        default=[],
        metavar="FORMAT=FILE",
        help="write the whole report into FILE too, in any of these formats (repeatable)",
    )
    parser.add_argument("--wide", action="store_true", help="do not cut columns to the terminal's width")


def add_set(parser: ArgumentParser) -> None:
    """The option --set of a command that prints ConfigMaps."""
    parser.add_argument("--set", default=DEFAULT_SET, help=f"the set that it adds to (default: {DEFAULT_SET})")


def check_set(arguments: Namespace) -> None:
    """Raise Failure where --set names what no label can hold."""
    check("--set", arguments.set, _LABEL, 63, "a set's name has letters, digits, '-', '_' and '.', 63 at most")


def check(option: str, text: str, form: re.Pattern[str], most: int, accepted: str) -> None:
    """Raise Failure where `text` of `option` has not this form, or is longer than `most`."""
    if len(text) > most or not form.fullmatch(text):
        raise Failure(f"{option} {ascii_quoted(text)}: {accepted}, such as {option} egress-domains")


def workload(text: str) -> Client | None:
    """The one workload that `--as` names, None where it is not given; raises Failure."""
    if not text:
        return None
    try:
        client = parse(text)
    except InvalidClient as fault:
        raise Failure(f"--as {fault}") from None
    if "*" in client:
        raise Failure(f'--as "{text}": ask for one workload, as in "payments/api"')
    return client


def overlays_of(paths: Sequence[str]) -> list[str]:
    """`paths`, and in place of globs and `DIR/...` the overlays that they stand for; raises Failure for none."""
    found: list[str] = []
    for path in paths:
        if not is_pattern(path) or Path(path).exists():
            found.append(path)
            continue
        meant = [one for one in overlays(Path()) if matches(one, path)]
        if not meant:
            raise Failure(f"{path}: no overlay here matches it: no kustomization that runs the function")
        found += meant
    return list(dict.fromkeys(found))


def no_path(name: str) -> None:
    """Raise Failure where a path stands in the place of a name: of two, the last argument alone is one."""
    if ("/" in name or "." not in name) and Path(name).exists():
        raise Failure(f"{name} is a path, and the last argument alone may be one; ask for one after the other")


def below(path: str) -> str:
    """What to say of a directory without a kustomization: the overlays below it; "" where that is not the matter."""
    directory = Path(path)
    if not directory.is_dir() or any((directory / name).is_file() for name in KUSTOMIZATIONS):
        return ""
    found = [str(directory / one) for one in overlays(directory)]
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return f"; overlays below it: {', '.join(found[:5])}{more}; {path.rstrip('/')}/... stands for all" if found else ""


def read(path: str, console: Console) -> Rendered:
    """What `path` holds; raises Failure where it cannot be read."""
    try:
        return load(path, console.stdin)
    except Unreadable as fault:
        raise Failure(f"{fault}{below(path)}") from None


def side_by_side(paths: Sequence[str], console: Console, read: Callable[[str, Console], Rendered]) -> list[Rendered]:
    """What `read` makes of each path, as many at a time as there are cores; what is said keeps their order.

    Says of every path that cannot be read why, and raises the last Failure.
    """
    from concurrent.futures import ThreadPoolExecutor, as_completed

    from .progress import progress

    words = [StringIO() for _ in paths]
    heard = [Console(console.stdin, console.out, one, console.environ) for one in words]
    with progress(console, "building") as bar, ThreadPoolExecutor(max(os.cpu_count() or 1, 1)) as pool:
        waiting = [pool.submit(read, path, one) for path, one in zip(paths, heard, strict=True)]
        for done, _ in enumerate(as_completed(waiting), 1):
            bar(done, len(waiting))
    console.err.write("".join(one.getvalue() for one in words))
    for one in heard:
        console.code = max(console.code, one.code)
    console.refuse([str(one.exception()) for one in waiting if isinstance(one.exception(), Failure)])
    return [one.result() for one in waiting]


def read_lists(path: str, console: Console) -> Rendered:
    """What `path` holds, in any format that `import` reads too; raises Failure where that is no egress list at all.

    Faults are said to be there.
    """
    data = console.stdin.read() if path == STDIN else b""
    found, refusal = None, Failure("")
    try:
        found = from_text(data, path) if path == STDIN else load(path)
    except Unreadable as fault:
        refusal = Failure(str(fault))
        # Manifests that are refused are no other format: `import` would read them less strictly.
        file = Path(path)
        if b"apiVersion:" in (file.read_bytes() if path != STDIN and file.is_file() else data):
            raise refusal from None
    if found is None or not found.names:
        from .imported import imported

        found = imported(path, data, console) or found
    if found is None:
        raise refusal
    if not found.names:
        raise Failure(
            f"{path}: holds no egress list: no ConfigMap with the label egress-overlays.dev/set, no resource with the "
            "annotation egress-overlays.dev/inject, nothing like an SNI egress gateway, and nothing that `import` reads"
        )
    for finding in found.findings:
        if finding.rule == staleness.RULE:
            # The answer that follows is true of the build, and not of what somebody has listed.
            console.fault(f"{visible(path)}: {visible(finding.place + finding.message)}")
    faults = sum(finding.severity == ERROR for finding in found.findings)
    faults += sum(stranger.is_grave and stranger.is_certain for stranger in found.strangers)
    if faults:
        said = many(faults, "fault")
        console.say(f"egress-overlays: {visible(path)} has {said}; `egress-overlays verify` shows what is wrong")
    return found
