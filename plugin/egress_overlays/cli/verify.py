"""Verify rendered or live manifests, or the lists of a directory that does not build.

Exit code 0: fine; 1: something was found. Remarks alone (repeated or covered names) are fine; warnings are, unless
--strict. Live manifests:
kubectl get virtualservices,serviceentries,envoyfilters,gateways,deployments -A -o yaml | egress-overlays verify -
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..manifest.findings import ERROR, INFO, WARNING
from ..rendered.loading import load
from ..rendered.rendered import Unreadable
from ..review.verification import Options, Reported, verify
from . import inputs
from .console import Failure
from .output import Paint, printable, structured

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from ..rendered.rendered import Rendered
    from .console import Console

EXAMPLE = "egress-overlays verify -o github overlays/prod"
_COLOURS = {ERROR: "red", WARNING: "yellow", INFO: "dim"}
REPORTS = ("sarif", "junit", "github")


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    inputs.add_path(parser, several=True)
    inputs.add_output(parser, *REPORTS)
    parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings too")
    parser.add_argument("--allow-empty", action="store_true", help="a set that admits nothing is fine")
    parser.add_argument("--all", action="store_true", help="print remarks too, as on names that a wildcard covers")
    parser.add_argument(
        "--root-namespace",
        default="istio-system",
        metavar="NAME",
        help="the mesh's root namespace, whose EnvoyFilters reach all others (default: istio-system)",
    )


def run(arguments: Namespace, console: Console) -> int:
    """Print what was found; 1 for an error."""
    everything: list[tuple[str, list[Reported]]] = []
    good = []
    for path in arguments.paths:
        found = _read(path, console)
        reported = verify(found, Options(arguments.root_namespace, arguments.allow_empty))
        everything.append((path, reported))
        good.append(_summary(found))
    grave = (ERROR, WARNING) if arguments.strict else (ERROR,)
    console.write(_report(arguments, everything, good, grave, console))
    return int(any(one.finding.severity in grave for _, reported in everything for one in reported))


def _read(path: str, console: Console) -> Rendered:
    """What `path` holds; of a directory that does not build, its lists, if those say why."""
    try:
        return load(path, console.stdin)
    except Unreadable as fault:
        from ..rendered.building import DoesNotBuild, lists_in_files

        if isinstance(fault, DoesNotBuild):
            lists = lists_in_files(path)
            if any(finding.severity == ERROR for finding in lists.findings):
                console.say(f"egress-overlays: {fault}")
                return lists
        raise Failure(str(fault)) from None


def _summary(found: Rendered) -> str:
    parts = [
        f"{len(found.hosts(name))} names in "
        + (f"{len(found.lists[name])} places" if name in found.lists else "ConfigMaps alone")
        + (f" (set {name})" if len(found.names) > 1 else "")
        for name in found.names
    ]
    return f"{found.shown}: {', '.join(parts) or 'no egress list'}"


def _report(
    arguments: Namespace,
    everything: Sequence[tuple[str, list[Reported]]],
    good: Sequence[str],
    grave: Sequence[str],
    console: Console,
) -> str:
    if arguments.output == "text":
        return "\n".join(_text(arguments, everything, good, console))
    if arguments.output in REPORTS:
        from . import reports

        return reports.write(arguments.output, everything, grave)
    return structured(
        [{"path": path, "findings": [data(one) for one in found]} for path, found in everything], arguments.output
    )


def data(one: Reported) -> dict[str, Any]:
    """A finding as data."""
    finding = one.finding
    resource = finding.resource
    return {
        "severity": finding.severity,
        "rule": finding.rule,
        "message": finding.message,
        "file": one.location.file,
        "line": one.location.line or None,
        "object": resource.title.removeprefix(f"{resource.origin}: ") if resource else None,
        "field": finding.field or None,
        "group": finding.group or None,
        "value": finding.value or None,
    }


def _text(
    arguments: Namespace, everything: Sequence[tuple[str, list[Reported]]], good: Sequence[str], console: Console
) -> list[str]:
    paint = Paint(console, console.out)
    lines = []
    for (_, reported), summary in zip(everything, good, strict=True):
        counts = {severity: sum(one.finding.severity == severity for one in reported) for severity in _COLOURS}
        for one in reported:
            if one.finding.severity != INFO or arguments.all:
                severity = paint(one.finding.severity, _COLOURS[one.finding.severity])
                lines.append(f"{printable(str(one.location))}: {severity}: {printable(one.said)} [{one.finding.rule}]")
        found = ", ".join(
            f"{count} {severity}{'s' * (count > 1)}" for severity, count in counts.items() if count and severity != INFO
        )
        remarks = (
            f", {counts[INFO]} remark{'s' * (counts[INFO] > 1)} (--all shows them)"
            if counts[INFO] and not arguments.all
            else ""
        )
        lines.append(f"{summary}: {found or paint('fine', 'green')}{remarks}")
    return lines
