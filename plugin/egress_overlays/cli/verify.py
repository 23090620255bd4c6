r"""Verify rendered or live manifests; of a directory that does not build, all that the function refuses.

A warning is accepted where the comment of its line says: egress-overlays: allow RULE TICKET until YYYY-MM-DD, or as
fields allow=RULE ticket=TICKET until=YYYY-MM-DD; it is counted then, and shown with --all. Exit code 0: fine; 1:
something was found. Remarks alone (repeated or covered names) are fine; warnings are, unless --strict. Of a tree that
an earlier version laid down it says so on stderr, and what hardening it lacks. SARIF has the proposal for a refused
line as a fix, and, where EGRESS_OVERLAYS_DOCS is the address of this page, its table of rules as their help.
Live manifests:
kubectl get -A -o yaml virtualservices.networking.istio.io,serviceentries.networking.istio.io,\
  envoyfilters.networking.istio.io,gateways.networking.istio.io,deployments.apps,networkpolicies.networking.k8s.io |
  egress-overlays verify -
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..manifest.findings import ERROR, INFO, WARNING
from ..manifest.quantities import many
from ..policies.ranges import network
from ..rendered.loading import load
from ..rendered.rendered import Unreadable
from ..review.acceptance import Acceptance, Accepted
from ..review.verification import RULES, Options, Reported, verify
from . import formats, inputs
from .console import Failure, text_of
from .formats.escaping import visible
from .governing import Governance
from .quoting import columns
from .report import BAD, DOUBTFUL, GOOD, Case, Found, Line, Report
from .resolution import Resolution, seconds, unanswered, unsought

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from ..rendered.rendered import Rendered
    from .console import Console

EXAMPLE = "egress-overlays verify -o github overlays/prod"


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    inputs.add_path(parser, several=True)
    inputs.add_report(parser, "markdown", "sarif", "junit", "github")
    parser.add_argument("--list", action="store_true", help="print the overlays that the paths stand for, and end")
    parser.add_argument(
        "--accepted",
        default="",
        metavar="FILE",
        help="acceptances for manifests: egress-overlays: allow RULE TICKET until YYYY-MM-DD Kind namespace/name",
    )
    inputs.add_today(parser)
    parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings too")
    parser.add_argument("--allow-empty", action="store_true", help="a set that admits nothing is fine")
    parser.add_argument("--all", action="store_true", help="print remarks too, as on names that a wildcard covers")
    parser.add_argument(
        "--inside",
        action="append",
        default=[],
        metavar="CIDR",
        help="addresses of the cluster's own pods, nodes or Services, which no name may lead to; may be repeated",
    )
    parser.add_argument(
        "--resolve", action="store_true", help="ask the DNS for every exact name: missing, inside, dangling aliases"
    )
    parser.add_argument(
        "--resolver",
        default="",
        metavar="ADDRESS",
        help="the DNS server that --resolve asks, ADDRESS or ADDRESS:PORT (default: the machine's)",
    )
    parser.add_argument(
        "--resolve-within",
        type=seconds,
        default=60.0,
        metavar="SECONDS",
        help="how long --resolve may ask in all; what is left counts as not asked (default: 60)",
    )
    parser.add_argument(
        "--root-namespace",
        default="istio-system",
        metavar="NAME",
        help="the mesh's root namespace, whose EnvoyFilters reach all others (default: istio-system)",
    )


def run(arguments: Namespace, console: Console) -> int:
    """Print what was found; 1 for an error."""
    grave = (ERROR, WARNING) if arguments.strict else (ERROR,)
    headlines: list[Line] = []
    findings: list[Found] = []
    cases: list[Case] = []
    whole = []
    paths = inputs.overlays_of(arguments.paths)
    if arguments.list:
        console.write("\n".join(paths))
        return 0
    seen: set[Found] = set()
    accepted = Accepted((arguments.accepted, _text(arguments.accepted)), arguments.today, unsought(arguments))
    dns = Resolution(arguments, console)
    for cidr in arguments.inside:
        if network(cidr) is None:
            raise Failure(f'--inside: "{cidr}" is no range of addresses; write one as in 10.0.0.0/8 or 2001:db8::/32')
    options = Options(arguments.root_namespace, arguments.allow_empty, tuple(arguments.inside), arguments.today)
    governance = Governance(arguments.today, console.refuse)
    for path, read in zip(paths, inputs.side_by_side(paths, console, _read), strict=True):
        answers = dns.of(read)
        reported = [*verify(read, options._replace(answers=answers)), *governance.judge(path, read)]
        reported, chosen = accepted.accept(read, reported, unanswered(answers))
        found = [_found(path, one, grave, by) for one, by in zip(reported, chosen, strict=True)]
        unseen = next((one.finding.message for one in reported if one.finding.rule == "unseen"), "")
        headlines.append(_headline(_summary(read), found, unseen, dns.said(answers), every=arguments.all))
        # What is wrong with a shared list is told once, and counts in each overlay.
        findings += [one for one in found if one._replace(path="") not in seen]
        seen.update(one._replace(path="") for one in found)
        cases += _cases(path, found)
        its = [data(one, by) for one, by in zip(reported, chosen, strict=True)]
        whole.append({"path": path, **dns.data(answers), "findings": its})
    for one in (*governance.unmatched(), *accepted.of_file()):
        findings.append(_found("", one, grave))
        cases += _cases(one.location.file, findings[-1:])
        whole.append({"path": one.location.file, "findings": [data(one)]})
    title = ", ".join(arguments.paths)
    report = Report("verify", title, whole, headlines=headlines, findings=findings, cases=cases)
    formats.write(report, arguments, console)
    if directories := [Path(path) for path in paths if Path(path).is_dir()]:
        from ..editing.hardening import outdated

        for said in filter(None, dict.fromkeys(map(outdated, directories))):
            console.say(f"egress-overlays: warning: {visible(said)}")
    return int(any(one.fails for one in findings))


def _text(file: str) -> str:
    """The text of the file of acceptances; nothing without one."""
    return text_of(Path(file)) if file else ""


def _read(path: str, console: Console) -> Rendered:
    """What `path` holds; of a directory that does not build, its lists, if those say why."""
    try:
        return load(path, console.stdin)
    except Unreadable as fault:
        from ..rendered.building import DoesNotBuild, lists_in_files

        if isinstance(fault, DoesNotBuild):
            lists = lists_in_files(path, fault.said)
            if lists.said or any(finding.severity == ERROR for finding in lists.findings):
                console.say(f"egress-overlays: {path} does not build: {fault.reason}")
                return lists
        raise Failure(f"{fault}{inputs.below(path)}") from None


def _summary(found: Rendered) -> str:
    parts = [
        f"{many(len(found.hosts(name)), 'name')} in "
        + (many(len(found.lists[name]), "place") if name in found.lists else "ConfigMaps alone")
        + (f" (set {name})" if len(found.names) > 1 else "")
        for name in found.names
    ]
    return f"{found.shown}: {', '.join(parts) or 'no egress list'}"


def data(one: Reported, by: Acceptance | None = None) -> dict[str, Any]:
    """A finding as data."""
    finding = one.finding
    resource = finding.resource
    return {
        "severity": finding.severity,
        "rule": finding.rule,
        "message": finding.message,
        "file": one.location.file,
        "line": one.location.line or None,
        "object": resource.described if resource else None,
        "field": finding.field or None,
        "group": finding.group or None,
        "value": finding.value or None,
        "accepted": by.reason if by else None,
        "acceptedAt": str(by.place) if by else None,
        "proposal": finding.proposal or None,
    }


def _found(path: str, one: Reported, grave: Sequence[str], by: Acceptance | None = None) -> Found:
    finding = one.finding
    return Found(
        path,
        finding.severity,
        finding.rule,
        one.said,
        one.location.file,
        one.location.line,
        fails=finding.severity in grave and by is None,
        accepted=by.reason if by else "",
        accepted_at=None if by is None or by.is_in_source else (by.place.file, by.place.line),
        proposal=finding.proposal,
        columns=columns(one.location, finding.value) if finding.proposal else (0, 0),
    )


def _headline(summary: str, found: Sequence[Found], unseen: str, asked: str, *, every: bool) -> Line:
    counts = {
        severity: sum(one.severity == severity and not one.accepted for one in found)
        for severity in (ERROR, WARNING, INFO)
    }
    said = ", ".join(many(count, severity) for severity, count in counts.items() if count and severity != INFO)
    remarks = counts[INFO]
    accepted = sum(bool(one.accepted) for one in found)
    said += (", " if said else "") + f"{accepted} accepted" if accepted else ""
    more = f", {many(remarks, 'remark')} (--all shows them)" if remarks and not every else ""
    # What was not looked at is never called fine.
    said = f"{said or 'fine in the rest'}; {unseen}" if unseen else said or "fine"
    return Line(f"{summary}: {said}{more}{asked}", BAD if counts[ERROR] else DOUBTFUL if counts[WARNING] else GOOD)


def _cases(path: str, found: Sequence[Found]) -> list[Case]:
    """A case a rule."""
    cases = []
    for rule, description in RULES.items():
        mine = [one for one in found if one.rule == rule]
        failures = [_line(one) for one in mine if one.fails]
        others = [_line(one) for one in mine if not one.fails]
        cases.append(Case(path, f"{rule}: {description}", rule, failures, others))
    return cases


def _line(one: Found) -> str:
    return f"{one.place}: {one.severity}: {one.said}"
