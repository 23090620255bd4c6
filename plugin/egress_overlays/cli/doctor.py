r"""Say what of a live mesh keeps the gateway from working, or lets traffic past it.

Reads what kubectl prints of a cluster, and changes nothing. Exit code 0: fine; 1: an error was found, or with --strict
a warning. With --live it runs kubectl itself, with the current context. Without it, two lines print what it reads, the
second one for the mesh's root namespace; pass both on, with a line of --- between:
kubectl get -A -o yaml namespaces,services,pods,deployments.apps,daemonsets.apps,networkpolicies.networking.k8s.io,\
  gateways.networking.istio.io,virtualservices.networking.istio.io,serviceentries.networking.istio.io,\
  destinationrules.networking.istio.io,envoyfilters.networking.istio.io,sidecars.networking.istio.io,\
  authorizationpolicies.security.istio.io
kubectl get configmaps -n istio-system -o yaml
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..manifest.findings import ERROR, WARNING
from ..manifest.quantities import many
from ..rendered.loading import from_text
from ..rendered.rendered import STDIN, Unreadable
from ..review.doctor import KINDS, examine
from . import formats, inputs
from .console import Failure
from .report import BAD, DOUBTFUL, GOOD, Column, Found, Line, Report, Row, Section

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..manifest.findings import Finding
    from .console import Console

QUERIES = (("get", "-A", "-o", "yaml", ",".join(KINDS)), ("get", "configmaps", "-n", "istio-system", "-o", "yaml"))
"""What kubectl is asked; the second one for the mesh's root namespace, which holds the ConfigMap istio."""
EXAMPLE = "egress-overlays doctor --live"


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument(
        "path", nargs="?", default="", metavar="-", help="- for stdin, or a file of what kubectl printed"
    )
    parser.add_argument("--live", action="store_true", help="run kubectl (get alone), with the current context")
    parser.add_argument(
        "--root-namespace",
        default="istio-system",
        metavar="NAME",
        help="with --live: where the ConfigMap istio stands (default: istio-system)",
    )
    inputs.add_report(parser, "markdown", "sarif", "github")
    parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings too")


def run(arguments: Namespace, console: Console) -> int:
    """Print facts and findings; 1 for an error."""
    if bool(arguments.path) == arguments.live:
        raise Failure("doctor takes - (or a file), or --live; see egress-overlays doctor --help")
    try:
        if arguments.live:
            found = from_text(_asked(arguments.root_namespace), "kubectl")
        else:
            found = from_text(_text(arguments.path, console), arguments.path)
    except Unreadable as fault:
        raise Failure(str(fault)) from None
    grave = (ERROR, WARNING) if arguments.strict else (ERROR,)
    examined = examine(found)
    findings = [
        Found(found.shown, one.severity, one.rule, one.place + one.message, found.shown, fails=one.severity in grave)
        for one in examined.findings
    ]
    errors = sum(one.severity == ERROR for one in findings)
    tone = BAD if errors else DOUBTFUL if findings else GOOD
    said = f"{many(errors, 'error')}, {many(len(findings) - errors, 'warning')}" if findings else "fine"
    report = Report(
        "doctor",
        found.shown,
        {"facts": examined.facts, "findings": [_data(one) for one in examined.findings]},
        headlines=[Line(f"{found.shown}: {said}", tone)],
        sections=[
            Section(None, (Column("mesh"), Column("", is_quoted=True)), [Row(row) for row in examined.facts.items()])
        ],
        findings=findings,
    )
    formats.write(report, arguments, console)
    return int(any(one.fails for one in findings))


def _data(one: Finding) -> dict[str, Any]:
    return {
        "severity": one.severity,
        "rule": one.rule,
        "message": one.message,
        "object": one.resource.title if one.resource else None,
        "field": one.field or None,
    }


def _text(path: str, console: Console) -> bytes:
    if path == STDIN:
        return console.stdin.read()
    try:
        return Path(path).read_bytes()
    except OSError as fault:
        raise Unreadable(f"{path}: cannot be read: {fault.strerror}") from None


def _asked(root: str) -> bytes:
    printed = []
    for query in QUERIES:
        command = ["kubectl", *(root if word == "istio-system" else word for word in query)]
        try:
            done = subprocess.run(command, capture_output=True, check=False)
        except OSError as fault:
            raise Failure(f"kubectl cannot be run: {fault.strerror}; install it, or pass what it printed: -") from None
        if done.returncode:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
            raise Failure(f"`{' '.join(command)}` failed: {last[0]}")
        printed.append(done.stdout)
    return b"\n---\n".join(printed)
