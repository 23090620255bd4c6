"""A probe from manifests to results."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from ..istiod.gateway import Resource
from ..lists.clients import Client
from ..names.domain import BY_HTTP, PLACEHOLDER, SECOND_PLACEHOLDER, Domain, ascii_quoted
from . import bootstrap, envoy
from .cases import Case, all_cases, given
from .hosts import Asked, read
from .identity import Admission
from .report import Report, Result
from .round import Round, Subject, rounds
from .targets import Target, targets
from .world import World

_NEEDED_FOR_CLIENTS = "on_downstream_tls_handshake"


def probe(  # noqa: PLR0913 - what --help offers, each by its keyword
    resources: list[Resource],
    *,
    hosts: Iterable[str] = (),
    client: Client | None = None,
    binary: Path | None = None,
    root_namespace: str = "istio-system",
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Report:
    """Run the gateway that `resources` configure in a real Envoy and try `hosts`, or everything where none are given.

    Every listener of every workload that forwards by SNI is tried.

    `client` is the workload that asks; without one, a workload that no limited list is likely to mean.
    Raises ProbeError where that is not possible, ValueError for a host that `read` refuses or no listener is for.
    Nothing is left running, nothing outside of a temporary directory is written.
    """
    binary = binary or envoy.find()
    found = targets(resources, root_namespace)
    asked = [_at_some(host, found) for host in hosts]
    plans = [_plan(resources, target, asked, client) for target in found]
    report = Report([plan.subject.target for plan in plans], envoy.version(binary))
    report.clients = list(dict.fromkeys(plan.subject.client for plan in plans))
    total = sum(len(plan.cases) for plan in plans)
    for plan in plans:
        _note(report, plan.notes)
        start = len(report.results)
        for cases in rounds(plan.cases):
            with closing(_run(plan, cases, binary, report)) as results:
                for result in results:
                    report.results.append(result)
                    progress(len(report.results), total)
        order = {id(case): number for number, case in enumerate(plan.cases)}
        report.results[start:] = sorted(report.results[start:], key=lambda result: order[id(result.case)])
    if any(plan.has_rules for plan in plans) and any(_NEEDED_FOR_CLIENTS in note for note in report.notes):
        report.notes.append(
            f"lists for some clients need {_NEEDED_FOR_CLIENTS} (Envoy 1.38, Istio 1.30): this Envoy learns of no "
            "client, so that it refuses every name"
        )
    return report


def _at_some(host: str, found: list[Target]) -> Asked:
    """What `host` asks for; raises ValueError where no listener is for that: nothing would be tried."""
    asked = read(host)
    if not any(target.takes(asked.port, by_http=asked.by_http) for target in found):
        there = ", ".join(dict.fromkeys(target.names for target in sorted(found, key=lambda one: one.listed)))
        what = f"plain HTTP at port {asked.port}" if asked.by_http else f"port {asked.port}"
        raise ValueError(
            f"--host {ascii_quoted(host)}: the gateway has no listener for {what}, so that there is nothing "
            f"to try; it has {there}"
        )
    return asked


class _Plan(NamedTuple):
    """What to try, at which gateway and as whom."""

    subject: Subject
    cases: list[Case]
    notes: list[str]
    has_rules: bool


def _plan(resources: list[Resource], target: Target, hosts: list[Asked], client: Client | None) -> _Plan:
    gateway = target.gateway
    listed = set(gateway.domains)
    configured = _configured(gateway.listeners, target.protocol.decides)
    others = [domain for domain in configured if domain not in listed]
    by_host = target.protocol.suffix == BY_HTTP
    admission = Admission(gateway.domains, target.resources, gateway.denied, by_host=by_host)
    client = client or admission.asking()
    notes: list[str] = []
    if hosts:
        mine = [one for one in hosts if target.takes(one.port, by_http=one.by_http)]
        cases = [given(one, target.protocol, admission, client) for one in mine]
    else:
        cases, notes = all_cases(admission, client, target.protocol, others)
    return _Plan(Subject(resources, target, client), cases, [*gateway.notes, *notes], admission.has_rules)


def _run(plan: _Plan, cases: list[Case], binary: Path, report: Report) -> Generator[Result]:
    """The results of one round, in an Envoy of its own, which has a DNS cache of its own."""
    target = plan.subject.target
    with envoy.workspace() as directory, World(directory) as world:
        listeners, clusters = deepcopy((target.gateway.listeners, target.gateway.clusters))
        config = bootstrap.build(listeners, clusters, world, directory)
        with envoy.Envoy(binary, config, directory) as running:
            port = running.port(target.listener)
            yield from Round(directory, world, port, plan.subject).results(cases)
            _note(report, running.notes)


def _note(report: Report, notes: list[str]) -> None:
    report.notes.extend(note for note in notes if note not in report.notes)


def _configured(node: Any, key: str) -> Iterator[Domain]:
    """The names in every list `key` below `node`, without ports."""
    if isinstance(node, dict):
        for name in node.get(key) or []:
            if "." in name and name not in (PLACEHOLDER, SECOND_PLACEHOLDER):
                yield Domain(str(name).lower()).name
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _configured(child, key)
