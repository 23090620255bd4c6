"""Hold manifests against expectations: which names must be allowed or denied, to whom, and why.

They stand in egress-tests.yaml beside the kustomization; without PATH, every such file here and below counts. An item
has host and expect (allow or deny), and may have as (namespace/serviceaccount) and why. The answers are those of check;
what is to be denied must not pass beside the lists either. In git, what breaks one is told with the line and the commit
that did it, also where a name went. Exit code 0: all is as expected; 1: something differs.
"""

from __future__ import annotations

import os
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..manifest.findings import ERROR
from ..manifest.quantities import many
from ..names.domain import Domain
from ..names.holes import deciding, table
from ..review.verification import verify
from . import formats, inputs
from .check import asked
from .console import Failure, text_of
from .expectations import ALLOW, DENY, FILE, InvalidExpectations, read
from .formats.data import structured
from .report import BAD, GOOD, Case, Found, Line, Report
from .since import Since
from .since import said as change

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Sequence

    from ..lists.clients import Client
    from ..rendered.rendered import Rendered
    from ..review.verification import Reported
    from .console import Console
    from .expectations import Expectation

EXAMPLE = "egress-overlays test -o junit overlays/prod"
RULE = "expectation"
_SKIPPED = ("node_modules", "vendor")


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="a kustomization directory, or with --file a file of YAML or - for stdin; overlays/* and DIR/... stand "
        "for the overlays that match (default: every directory with egress-tests.yaml)",
    )
    parser.add_argument(
        "--file", default="", metavar="FILE", help="the expectations, in place of PATH/egress-tests.yaml"
    )
    parser.add_argument("--write", action="store_true", help="propose such a file from what is, where none is yet")
    parser.add_argument("--probe", action="store_true", help="ask a real Envoy too (needs the extra `probe`)")
    inputs.add_report(parser, "markdown", "sarif", "junit", "github")


def run(arguments: Namespace, console: Console) -> int:
    """Print what differs; 1 where something does."""
    pairs = list(_pairs(arguments))
    if arguments.write:
        return _write(pairs, console)
    headlines, findings, cases, whole = [], [], [], []
    stated = [_read(file, console) for _, file in pairs]
    built = inputs.side_by_side([path for path, _ in pairs], console, inputs.read_lists)
    for (path, file), expectations, found in zip(pairs, stated, built, strict=True):
        since = Since(path)
        outcomes = _outcomes(found, expectations)
        if arguments.probe:
            from .tried import tried

            for outcome, said in zip(outcomes, tried(found, expectations, outcomes), strict=True):
                outcome["probe"] = said or None
        for one, outcome in zip(expectations, outcomes, strict=True):
            if not outcome["holds"]:
                outcome["since"] = since.of(outcome, partial(_holds, one))
        broken = [_found(path, str(file), one) for one in outcomes if _differs(one)]
        headlines.append(_headline(found, outcomes, len(broken)))
        findings += broken
        cases += [_case(path, str(file), one) for one in outcomes]
        whole.append({"path": path, "file": str(file), "expectations": outcomes})
    title = ", ".join(path for path, _ in pairs)
    report = Report("test", title, whole, headlines=headlines, findings=findings, cases=cases)
    formats.write(report, arguments, console)
    return int(bool(findings))


def _pairs(arguments: Namespace) -> Iterator[tuple[str, Path]]:
    """Each path with the file of its expectations; raises Failure where there is none."""
    paths = inputs.overlays_of(arguments.paths) or list(_below())
    if not paths:
        raise Failure(f"no {FILE} here or below; `egress-overlays test --write overlays/prod` proposes one")
    if len(paths) > 1 and arguments.file and ("-" in paths or arguments.write):
        raise Failure("--file with --write, or with - for stdin, goes with one PATH")
    for path in paths:
        if not arguments.file and not Path(path).is_dir():
            raise Failure(f"{path}: is no directory, which could hold {FILE}; name the expectations by --file")
        file = Path(arguments.file or Path(path, FILE))
        if not arguments.write and not file.is_file():
            raise Failure(f"{file}: no such file; `egress-overlays test --write {path}` proposes one")
        yield path, file


def _below() -> Iterator[str]:
    for directory, below, files in os.walk("."):
        below[:] = sorted(name for name in below if not name.startswith(".") and name not in _SKIPPED)
        if FILE in files:
            yield os.path.normpath(directory)


def _read(file: Path, console: Console) -> list[Expectation]:
    try:
        return read(text_of(file), str(file))
    except InvalidExpectations as fault:
        console.refuse(fault.faults)
        raise


def _outcomes(found: Rendered, expectations: Sequence[Expectation]) -> list[dict[str, Any]]:
    """What `found` says of each expectation, as data; `by` is the line of a list that decided."""
    faults = _faults(found)
    outcomes = []
    for one in expectations:
        said = _answer(found, one, faults)
        is_open = said["allowed"] or bool(said.get("beside"))
        allowing = next((entry for verdict in said["sets"] if verdict["allowed"] for entry in verdict["listed"]), None)
        outcomes.append(
            {
                "host": one.host,
                "as": one.client,
                "expect": one.expect,
                "why": one.why,
                "line": one.line,
                "holds": said["allowed"] if one.expect == ALLOW else not is_open,
                "allowed": said["allowed"],
                "reason": said["reason"],
                "by": {"file": allowing["file"], "line": allowing["line"]} if allowing else None,
                "since": None,
                "probe": None,
            }
        )
    return outcomes


@lru_cache(maxsize=64)
def _faults(found: Rendered) -> Sequence[Reported]:
    """What verify says of `found`, worked out once: many expectations may ask of one revision."""
    return verify(found)


def _holds(one: Expectation, found: Rendered) -> bool:
    return bool(_outcomes(found, [one])[0]["holds"])


def _answer(found: Rendered, one: Expectation, faults: Sequence[Reported]) -> dict[str, Any]:
    """What `check` says of the name; where a wildcard is to be denied, of a name below it that is allowed."""
    said = asked(found, one.host, one.client, faults, near=one.expect == ALLOW)
    if one.expect == DENY and one.host.startswith("*.") and _is_open_in_part(found, Domain(one.host)):
        return {**said, "allowed": True}
    if one.expect == DENY and one.host.startswith("*.") and not said["allowed"]:
        wildcard = Domain(one.host)
        for name in sorted({name for set_name in found.names for name in found.hosts(set_name)}):
            if wildcard.covers(Domain(name)):
                below = asked(found, name, one.client, faults)
                if below["allowed"]:
                    return {**below, "reason": "; ".join(filter(None, (f"{name} is below it", below["reason"])))}
    return said


def _is_open_in_part(found: Rendered, wildcard: Domain) -> bool:
    """Whether the wildcard is denied in part alone."""
    return any(
        deciding(wildcard, table(found.hosts(name), holes)) in found.hosts(name)
        for name in found.names
        if (holes := found.holes(name))
    )


def _differs(one: dict[str, Any]) -> bool:
    return not one["holds"] or one["probe"] is not None


def _headline(found: Rendered, outcomes: Sequence[dict[str, Any]], broken: int) -> Line:
    count = many(len(outcomes), "expectation")
    said = f"{broken} not as expected" if broken else "all as expected"
    return Line(f"{found.shown}: {count}: {said}", BAD if broken else GOOD)


def _said(one: dict[str, Any]) -> str:
    client = f" as {one['as']}" if one["as"] else ""
    is_so = "allowed" if one["allowed"] else "denied"
    reason = f": {one['reason']}" if one["reason"] else ""
    tried = f"; Envoy: {one['probe']}" if one["probe"] else ""
    return f"{one['host']}{client}: expected {one['expect']}, is {is_so}{reason}{tried}"


def _found(path: str, file: str, one: dict[str, Any]) -> Found:
    """The finding, at the line that did it, where there is one, or else at the expectation; it names the other."""
    by = one["by"] if one["expect"] == DENY else None
    why = f"; expected because: {one['why']}" if one["why"] else ""
    said = f"{_said(one)}{change(one['since'])}{why}"
    if by and by["line"]:
        return Found(path, ERROR, RULE, f"{said} ({file}:{one['line']})", by["file"], by["line"], fails=True)
    return Found(path, ERROR, RULE, said, file, one["line"], fails=True)


def _case(path: str, file: str, one: dict[str, Any]) -> Case:
    client = f" as {one['as']}" if one["as"] else ""
    failures = [f"{file}:{one['line']}: {_said(one)}{change(one['since'])}"] if _differs(one) else []
    return Case(path, f"{one['expect']} {one['host']}{client}", RULE, failures, [one["why"]] if one["why"] else [])


def _write(pairs: Sequence[tuple[str, Path]], console: Console) -> int:
    """Lay down a proposal for each path; a file that is there stays."""
    for _, file in pairs:
        if file.exists():
            raise Failure(f"{file}: is there already, and stays as it is; remove it to have one proposed")
    for path, file in pairs:
        found = inputs.read_lists(path, console)
        proposed = list(_proposed(found))
        if not proposed:
            raise Failure(f"{path}: lists no name, so that there is nothing to expect")
        head = "# What must be allowed and what must not: egress-overlays test\n"
        try:
            file.write_text(head + structured(proposed, "yaml"), encoding="utf-8")
        except OSError as fault:
            raise Failure(f"{file}: cannot be written: {fault.strerror}") from None
        console.say(
            f"egress-overlays: wrote {file}: {many(len(proposed), 'expectation')}; say in each why, and whom it is for"
        )
    return 0


def _proposed(found: Rendered) -> Iterator[dict[str, str]]:
    """That what is listed is allowed, to the clients that it is for, and what stands just beside it denied."""
    named: set[str] = set()
    for name in found.names:
        comments = {str(one.domain): one.comment for one in found.sets[name].entries} if name in found.sets else {}
        for host in map(Domain, found.hosts(name)):
            clients = [one for one in sorted(found.clients(name, host) or ()) if "*" not in one]
            if host in named:
                continue
            named.add(host)
            why = {"why": comments[host]} if comments.get(host) else {}
            for client in _whom(clients):
                yield {"host": str(host), **({"as": str(client)} if client else {}), "expect": ALLOW, **why}
            if host.is_wildcard and not asked(found, host.base, None, ())["allowed"]:
                yield {"host": str(host.base), "expect": DENY, "why": f"{host} covers the names below it alone"}


def _whom(clients: Sequence[Client]) -> Sequence[Client | None]:
    return clients or (None,)
