"""Run the gateway in a real Envoy on loopback and see what it lets through, by TLS and by plain HTTP.

Without --host it tries every entry of the list, near misses, clients without a name or certificate, and names that
resolve to internal addresses. Needs the extra `probe`. Exit code 0: all went as expected; 1: something differs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..injection.reporting import TITLE
from ..manifest.quantities import many
from . import formats, inputs
from .console import Failure
from .formats.escaping import visible
from .progress import progress
from .report import BAD, STRONG, Column, Line, Report, Row, Section

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..probe import Report as ProbeReport
    from ..probe import Result
    from .console import Console

EXAMPLE = "egress-overlays probe overlays/prod --host en.wikipedia.org=allow --host evilwikipedia.org=deny"
_ALL_SHOWN = 300


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    inputs.add_path(parser)
    parser.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="[http://]NAME[:PORT][=allow|deny]",
        help="try this name alone (repeatable), by TLS at every port of the gateway or at PORT, or by plain HTTP at 80 "
        "or PORT; without a verdict, what the list says is expected",
    )
    parser.add_argument(
        "--as",
        dest="client",
        default="",
        metavar="NAMESPACE/SERVICEACCOUNT",
        help="the workload that asks (default: one that no limited list is likely to mean)",
    )
    parser.add_argument("--all", action="store_true", help=f"show every line, and not the first {_ALL_SHOWN} at most")
    parser.add_argument(
        "--envoy", default="", metavar="FILE", help="the envoy to run (default: the extra's, else PATH's)"
    )
    parser.add_argument(
        "--root-namespace",
        default="istio-system",
        metavar="NAME",
        help="the mesh's root namespace (default: istio-system)",
    )
    inputs.add_report(parser)


def run(arguments: Namespace, console: Console) -> int:
    """Print what happened; 1 where something was not as expected."""
    from ..probe import ProbeError, probe
    from ..probe.envoy import find
    from ..probe.signals import end_once

    # A job that CI ends and a terminal that is closed end Envoy too, and leave no keys behind.
    end_once()
    resources = [resource.value for resource in inputs.read(arguments.path, console).resources]
    try:
        with progress(console, "probing") as bar:
            report = probe(
                resources,
                hosts=arguments.host,
                client=inputs.workload(arguments.client),
                binary=find(arguments.envoy),
                root_namespace=arguments.root_namespace,
                progress=bar,
            )
    except ProbeError as fault:
        raise Failure(str(fault)) from None
    except ValueError as fault:
        raise Failure(str(fault)) from None
    sections, hidden = _sections(report, every=arguments.all)
    formats.write(Report("probe", arguments.path, _data(report), sections=sections), arguments, console)
    if arguments.output == "text":
        for note in report.notes:
            console.say(f"egress-overlays: info: {visible(note)}")
        more = f", {hidden} more not shown (--all)" if hidden else ""
        asked = visible(" and ".join(report.clients))
        console.say(
            f"egress-overlays: {many(len(report.results), 'connection')} as {asked} through {visible(report.workload)} "
            f"in Envoy {report.envoy}: {len(report.differing)} not as expected{more}"
        )
    return 1 if report.differing else 0


COLUMNS = (
    Column("", matters=9),
    Column("name", is_quoted=True, matters=8),
    Column("as", is_quoted=True, matters=4),
    Column("expected", matters=6),
    Column("happened", matters=7),
    Column("chain", is_quoted=True, matters=2),
    Column("decided by", is_quoted=True, matters=3),
    Column("upstream", is_quoted=True, matters=1),
    Column("", matters=5),
)


def _sections(report: ProbeReport, *, every: bool) -> tuple[list[Section], int]:
    """A section a target, and how many results are in none."""
    sections, hidden = [], 0
    for target in report.targets:
        found = [result for result in report.results if result.target == target]
        # What differs comes first: it is what one looks for.
        differing = [result for result in found if not result.as_expected]
        results = [*differing, *(result for result in found if result.as_expected)]
        shown = results if every else results[: max(_ALL_SHOWN, len(differing))]
        hidden += len(results) - len(shown)
        title = Line(f"{target.workload.title}, port {target.port}, for names at {target.names}:", STRONG)
        sections.append(Section(title if len(report.targets) > 1 else None, COLUMNS, list(map(_row, shown))))
    return sections, hidden


def _row(result: Result) -> Row:
    cells = (
        "" if result.as_expected else "DIFFERS",
        result.case.label,
        result.client,
        result.case.expected,
        _happened(result),
        result.chain,
        result.rule,
        result.upstream,
        "" if result.logged else "not logged",
    )
    return Row(cells, "" if result.as_expected else BAD)


def _happened(result: Result) -> str:
    if result.outcome == "reached" and result.rule.startswith(TITLE):
        return "reached, reported"
    late = result.attempted and result.outcome == "refused" and result.case.kind == "address"
    return "refused after connecting" if late else result.outcome


def _data(report: ProbeReport) -> dict[str, Any]:
    return {
        "workload": report.workload,
        "as": list(map(str, report.clients)),
        "envoy": report.envoy,
        "asExpected": not report.differing,
        "notes": report.notes,
        "connections": [
            {
                "workload": result.target.workload.title,
                "port": result.target.port,
                "for": result.target.names,
                "name": result.case.label,
                "as": result.client or None,
                "kind": result.case.kind,
                "expected": result.case.expected,
                "happened": result.outcome,
                "asExpected": result.as_expected,
                "chain": result.chain or None,
                "decidedBy": result.rule,
                "upstream": result.upstream or None,
                "connected": result.attempted,
                "logged": result.logged,
            }
            for result in report.results
        ],
    }
