"""Cases against one running Envoy: sending them, and finding what its logs say of each."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from ..istiod.gateway import Resource
from ..lists.clients import Client
from . import bootstrap, policy
from .cases import CLOSED, Case
from .client import reach
from .decisions import Lines, decides, has_connected, rule_of, words_of
from .identity import spiffe
from .report import REACHED, REFUSED, TRIED, Result
from .targets import Target
from .world import World

_PARALLEL = 16
_BATCH = 200
_LOG_WAIT = 3.0


def rounds(cases: list[Case]) -> list[list[Case]]:
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


class Subject(NamedTuple):
    """What a round is about: the manifests, the gateway's listener among them, and who asks it."""

    resources: list[Resource]
    target: Target
    client: Client


class Round:
    """Cases against one running Envoy."""

    def __init__(self, directory: Path, world: World, port: int, subject: Subject) -> None:
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
        names = self._world.names
        names.asked = {_asked(case).rstrip(".") for case in cases}
        for case in cases:
            if case.answers is not None:
                answers = (self._world.closed if answer == CLOSED else answer for answer in case.answers)
                names.records[_asked(case)] = tuple(answers)
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

    def _client(self, case: Case) -> str:
        """Whose certificate the case shows, a stranger's with that name among them."""
        asked = case.hello.certificate
        if asked.startswith("as "):
            return asked.removeprefix("as ")
        return "" if asked in ("none", "plaintext") else str(self._subject.client)

    def _batch(self, cases: list[Case], pool: ThreadPoolExecutor) -> Iterator[Result]:
        reached = list(pool.map(self._send, cases))
        wanted = {case.hello.logged for case in cases}
        decided: dict[str, dict[str, Any]] = {}
        lists: dict[str, str] = {}
        lines: dict[str, list[str]] = {}
        deadline = time.monotonic() + _LOG_WAIT
        while time.monotonic() < deadline and not (wanted <= decided.keys() and wanted <= lines.keys()):
            self._read_decisions(decided, lists)
            for line in self._log.new():
                for word in wanted.intersection(re.split(r'[\s",]+', line)):
                    lines.setdefault(word, []).append(line)
            time.sleep(0.02)
            if wanted <= decided.keys() and not lines:  # a gateway that logs nothing: no need to wait for more
                deadline = min(deadline, time.monotonic() + 0.5)
        time.sleep(0.03)  # the lines of a listener in front of the one that decides may be the last ones
        self._read_decisions(decided, lists)
        for case, address in zip(cases, reached, strict=True):
            name = case.hello.logged
            entry = {**decided.get(name, {})}
            if entry and name in lists:
                entry["list"] = lists[name]
            yield self._result(case, address, entry, lines.get(name, []))

    def _read_decisions(self, decided: dict[str, dict[str, Any]], lists: dict[str, str]) -> None:
        """Note the new lines of what decided by name, and which list let it through, whichever listener says so."""
        for line in self._decisions.new():
            entry = json.loads(line)
            if decides(entry):
                decided[entry["name"]] = entry
            if entry.get("internal") and entry.get("list"):
                lists[entry["name"]] = entry["list"]

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
        telling = [entry for entry in entries if decides(entry) and (entry["name"] or entry["details"])]
        failed = [entry for entry in entries if entry["tls_failure"]]
        entry = {**(telling or failed or entries or [{}])[0]}
        lists = [one["list"] for one in entries if one.get("internal") and one.get("list")]
        if entry and lists:
            entry["list"] = lists[-1]
        return self._result(case, address, entry, lines)

    def _result(self, case: Case, address: str, entry: dict[str, Any], lines: list[str]) -> Result:
        upstream = (entry.get("upstream") or "") if entry.get("internal") else ""
        attempted = has_connected(entry)
        rule = rule_of(entry, address)
        outcome = REACHED if address else REFUSED
        if case.forbidden and attempted and not rule.startswith("RBAC"):
            # Envoy did connect, or tried to: only the kernel could still have stopped it.
            stopped = policy.blocking(self._subject.resources, self._subject.target.workload, case.forbidden)
            outcome = REFUSED if stopped else REACHED if address else TRIED
            rule = f"{stopped}; Envoy alone connects" if stopped else rule
        logged = any(all(word in line for word in words_of(entry)) for line in lines)
        return Result(
            self._subject.target,
            case,
            self._client(case),
            outcome,
            entry.get("chain") or "",
            rule,
            upstream,
            attempted,
            logged,
        )


def _asked(case: Case) -> str:
    """The name that DNS may be asked for."""
    return str(case.hello.name).lower()
