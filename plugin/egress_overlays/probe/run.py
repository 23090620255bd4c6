"""A probe from manifests to results."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ..clients import Client
from ..domains import PLACEHOLDER, Domain
from . import bootstrap, envoy, patches, policy
from .cases import ALLOW, CLOSED, Case, all_cases, given
from .client import reach
from .decisions import Lines, rule_of, words_of
from .errors import ProbeError
from .gateway import Resource, Workload, listeners, of_kind, workloads
from .identity import Admission, spiffe
from .world import World

REACHED = "reached"
REFUSED = "refused"
TRIED = "tried"
_PARALLEL = 16
_NEEDED_FOR_CLIENTS = "on_downstream_tls_handshake"
_BATCH = 200
_LOG_WAIT = 3.0


@dataclass(frozen=True)
class Result:
    """What happened to one case.

    `outcome`: REACHED, REFUSED, or TRIED (to connect to what it should not; nothing answered there).
    `rule`: what decided, in filter chain `chain`; `upstream`: the address that was connected to, "" for none.
    `attempted`: a connection was opened or tried, even if no byte passed; `logged`: the gateway's own access
    log has a line with the name, where one was sent, and the reason, where Envoy gives one.
    """

    case: Case
    outcome: str
    chain: str
    rule: str
    upstream: str
    attempted: bool
    logged: bool

    @property
    def as_expected(self) -> bool:
        """Whether what is allowed was reached, and what is not was refused."""
        return self.outcome == (REACHED if self.case.expected == ALLOW else REFUSED)


@dataclass
class Report:
    """The results of one workload's probe, in the order of its cases."""

    workload: str
    envoy: str
    results: list[Result] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def differing(self) -> list[Result]:
        """The results that are not as expected."""
        return [result for result in self.results if not result.as_expected]


@dataclass(frozen=True)
class Gateway:
    """The configuration of one workload: what istiod would send it, and the names that its VirtualServices list."""

    workload: Workload
    listeners: list[dict[str, Any]]
    clusters: list[dict[str, Any]]
    domains: list[Domain]


def configuration(resources: list[Resource], workload: Workload, root_namespace: str = "istio-system") -> Gateway:
    """What istiod would configure for `workload`; raises ProbeError naming each part that cannot be built."""
    generated = listeners(resources, workload, root_namespace)
    if not generated:
        raise ProbeError(f"{workload.title}: no Gateway selects it")
    black_hole = {"name": "BlackHoleCluster", "type": "STATIC", "connect_timeout": "10s"}
    patched = patches.apply(resources, workload, generated, [black_hole], root_namespace)
    return Gateway(workload, *patched, _listed(resources))


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

    `client` is the workload that asks; without one, a workload that no limited list is likely to mean.
    Raises ProbeError where that is not possible, ValueError for a host that is no NAME[=allow|deny].
    Nothing is left running, nothing outside of a temporary directory is written.
    """
    binary = binary or envoy.find()
    found = [workload for workload in workloads(resources) if _is_egress(resources, workload, root_namespace)]
    if not found:
        raise ProbeError(
            "no gateway of the manifests forwards by SNI (sni_dynamic_forward_proxy); give an overlay on base/"
        )
    gateway = configuration(resources, found[0], root_namespace)
    listed = set(gateway.domains)
    others = [domain for domain in _configured(gateway.listeners) if domain not in listed]
    admission = Admission(gateway.domains, resources)
    client = client or admission.asking()
    subject = _Subject(resources, found[0], client)
    cases = [given(host, admission, client) for host in hosts] or list(all_cases(admission, client, others))
    report = Report(found[0].title, envoy.version(binary))
    done = 0
    for cases_of_round in _rounds(cases):
        with envoy.workspace() as directory, World(directory) as world:
            # Every round builds anew: an Envoy of its own has a DNS cache of its own.
            fresh = configuration(resources, found[0], root_namespace)
            config = bootstrap.build(fresh.listeners, fresh.clusters, world, directory)
            mesh = next((lis["name"] for lis in fresh.listeners if "address" in lis), "")
            with envoy.Envoy(binary, config, directory) as running:
                round_ = _Round(directory, world, running.port(mesh), subject)
                for result in round_.results(cases_of_round):
                    report.results.append(result)
                    done += 1
                    progress(done, len(cases))
                report.notes.extend(note for note in running.notes if note not in report.notes)
    if admission.has_rules and any(_NEEDED_FOR_CLIENTS in note for note in report.notes):
        report.notes.append(
            f"lists for some clients need {_NEEDED_FOR_CLIENTS} (Envoy 1.37, Istio 1.29): this Envoy learns of no "
            "client, so that it refuses every name"
        )
    order = {id(case): number for number, case in enumerate(cases)}
    report.results.sort(key=lambda result: order[id(result.case)])
    return report


def _is_egress(resources: list[Resource], workload: Workload, root_namespace: str) -> bool:
    return "sni_dynamic_forward_proxy" in json.dumps(configuration(resources, workload, root_namespace).listeners)


def _listed(resources: list[Resource]) -> list[Domain]:
    """The names that sidecars send to the gateway: every sniHosts of a VirtualService of the mesh."""
    names: dict[str, None] = {}
    for service in of_kind(resources, "VirtualService"):
        for route in service["spec"].get("tls") or []:
            for match in route.get("match") or []:
                if "mesh" in (match.get("gateways") or service["spec"].get("gateways") or ["mesh"]):
                    names.update(dict.fromkeys(str(name).lower() for name in match.get("sniHosts") or []))
    names.pop(PLACEHOLDER, None)
    return [Domain(name) for name in names]


def _configured(node: Any) -> Iterator[Domain]:
    """The server_names below `node`."""
    if isinstance(node, dict):
        for name in node.get("server_names") or []:
            if name != PLACEHOLDER:
                yield Domain(str(name).lower())
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _configured(child)


def _rounds(cases: list[Case]) -> list[list[Case]]:
    """The cases in groups in which no name is asked of DNS twice with different answers."""
    rounds: list[tuple[dict[str, Any], list[Case]]] = []
    for case in cases:
        name = (case.hello.name or "").lower()
        for answers, members in rounds:
            if answers.get(name, case.answers) == case.answers:
                answers[name] = case.answers
                members.append(case)
                break
        else:
            rounds.append(({name: case.answers}, [case]))
    return [members for _, members in rounds]


class _Subject(NamedTuple):
    """What a round is about: the manifests, the gateway among them, and who asks it."""

    resources: list[Resource]
    workload: Workload
    client: Client


class _Round:
    """Cases against one running Envoy."""

    def __init__(self, directory: Path, world: World, port: int, subject: _Subject) -> None:
        self._world = world
        self._port = port
        self._subject = subject
        self._decisions = Lines(directory / bootstrap.DECISIONS)
        self._log = Lines(directory / "stdout.log")
        self._certificates = {
            "mesh": world.mesh.issue("client", spiffe(subject.client)),
            "other": world.other.issue("stranger", spiffe(subject.client)),
        }

    def results(self, cases: list[Case]) -> Iterator[Result]:
        """The result of each case: named ones side by side; the others in turn, which alone tells them apart."""
        for case in cases:
            if case.answers is not None:
                answers = (self._world.closed if answer == CLOSED else answer for answer in case.answers)
                self._world.names.records[str(case.hello.name).lower()] = tuple(answers)
        alone = [case for case in cases if case.kind == "client"]
        named = [case for case in cases if case.kind != "client"]
        with ThreadPoolExecutor(_PARALLEL) as pool:
            for start in range(0, len(named), _BATCH):
                yield from self._batch(named[start : start + _BATCH], pool)
        for case in alone:
            yield self._one(case)

    def _send(self, case: Case) -> str:
        asked = case.hello.certificate
        if asked.startswith("as ") and asked not in self._certificates:
            name = asked.replace("/", "_").replace(" ", "-")
            self._certificates[asked] = self._world.mesh.issue(name, spiffe(Client(asked[3:])))
        return reach(self._port, case.hello, self._world.mesh.root, self._certificates)

    def _batch(self, cases: list[Case], pool: ThreadPoolExecutor) -> Iterator[Result]:
        reached = list(pool.map(self._send, cases))
        wanted = {_sni(case) for case in cases}
        decided: dict[str, dict[str, Any]] = {}
        lines: dict[str, list[str]] = {}
        deadline = time.monotonic() + _LOG_WAIT
        while time.monotonic() < deadline and not (wanted <= decided.keys() and wanted <= lines.keys()):
            for line in self._decisions.new():
                entry = json.loads(line)
                if entry["internal"]:
                    decided[entry["name"]] = entry
            for line in self._log.new():
                for word in wanted.intersection(re.split(r'[\s",]+', line)):
                    lines.setdefault(word, []).append(line)
            time.sleep(0.02)
            if wanted <= decided.keys() and not lines:  # a gateway that logs nothing: no need to wait for more
                deadline = min(deadline, time.monotonic() + 0.5)
        for case, address in zip(cases, reached, strict=True):
            yield self._result(case, address, decided.get(_sni(case), {}), lines.get(_sni(case), []))

    def _one(self, case: Case) -> Result:
        self._decisions.new(), self._log.new()
        address = self._send(case)
        entries: list[dict[str, Any]] = []
        lines: list[str] = []
        deadline = time.monotonic() + _LOG_WAIT
        while time.monotonic() < deadline and not (entries and lines):
            time.sleep(0.03)
            entries += [json.loads(line) for line in self._decisions.new()]
            lines += self._log.new()
            if entries:  # the log of the gateway, if it has one, is written at the same time
                deadline = min(deadline, time.monotonic() + 0.3)
        time.sleep(0.03)
        entries += [json.loads(line) for line in self._decisions.new()]
        lines += self._log.new()
        # A client that the mesh listener refuses may have left an inner connection on which nothing was ever sent.
        telling = [entry for entry in entries if entry["internal"] and (entry["name"] or entry["details"])]
        failed = [entry for entry in entries if entry["tls_failure"]]
        return self._result(case, address, (telling or failed or entries or [{}])[0], lines)

    def _result(self, case: Case, address: str, entry: dict[str, Any], lines: list[str]) -> Result:
        upstream = (entry.get("upstream") or "") if entry.get("internal") else ""
        attempted = bool(entry.get("internal") and entry.get("cluster") and entry.get("flags") != "UH")
        rule = rule_of(entry, address)
        outcome = REACHED if address else REFUSED
        if case.forbidden and attempted and not rule.startswith("RBAC"):
            # Envoy did connect, or tried to: only the kernel could still have stopped it.
            stopped = policy.blocking(self._subject.resources, self._subject.workload, case.forbidden)
            outcome = REFUSED if stopped else REACHED if address else TRIED
            rule = f"NetworkPolicy {stopped}; Envoy alone connects" if stopped else rule
        logged = any(all(word in line for word in words_of(entry)) for line in lines)
        return Result(case, outcome, entry.get("chain") or "", rule, upstream, attempted, logged)


def _sni(case: Case) -> str:
    return str(case.hello.name).lower()
