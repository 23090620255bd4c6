"""Measures lists for clients beside the same names for everybody: `python -m bench.clients`, with kustomize on PATH.

200 teams with 50 domains each: time of the build, new connections through the gateway in real Envoy (as
bench/forwarder.py makes them), and the memory of a fresh Envoy. Runs alternate; what is compared are the medians.
Results: bench/results/clients.json and .md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from .forwarder import ROOT, Target, answering, connect, gateway

if TYPE_CHECKING:
    from collections.abc import Callable

from builds import build  # bench.forwarder makes it importable
from egress_overlays.clients import Client
from egress_overlays.probe import envoy
from egress_overlays.probe.client import with_raw_name
from egress_overlays.probe.identity import spiffe
from egress_overlays.probe.world import World

RESULTS = Path(__file__).with_name("results")
LIMITED, OPEN = "limited", "unlimited"
WAYS = (LIMITED, OPEN)
BOUND = 0.9  # of the unlimited list's connections a second

Runs = dict[str, list[float]]


def overlay(directory: Path, way: str, teams: int, domains: int) -> Path:
    """An overlay with a ConfigMap a team; the unlimited one differs in clients and component alone."""
    here = os.path.relpath(ROOT, directory.resolve())
    lists = []
    for team in range(teams):
        metadata: dict[str, Any] = {"name": f"team-{team}", "labels": {"egress-overlays.dev/set": "default"}}
        if way == LIMITED:
            metadata["annotations"] = {"egress-overlays.dev/clients": f"team-{team}"}
        names = "\n".join(f"host-{number}.team-{team}.example.com" for number in range(domains))
        lists.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"names": names}})
    components = ["client-lists"] if way == LIMITED else []
    kustomization = {
        "resources": [f"{here}/base", "domains.yaml"],
        "components": [f"{here}/components/{name}" for name in (*components, "inject")],
    }
    (directory / "domains.yaml").write_text(yaml.safe_dump_all(lists))
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return directory


def alternating(rounds: int, measure: Callable[[str], float]) -> dict[str, Any]:
    """What `measure` says of each way in turn, in an order that changes: ratio of the medians, medians, runs."""
    runs: Runs = {way: [] for way in WAYS}
    order = random.Random(1)  # noqa: S311 - no secret
    for number in range(rounds + 1):
        for way in order.sample(WAYS, len(WAYS)):
            found = measure(way)
            if number:  # the first warms caches
                runs[way].append(found)
    medians = {way: statistics.median(values) for way, values in runs.items()}
    return {"ratio": medians[LIMITED] / medians[OPEN], "medians": medians, "runs": runs}


def _timed_build(directory: Path) -> float:
    started = time.perf_counter()
    command = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", str(directory.resolve())]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def traffic(manifests: dict[str, Any], asking: str, name: str, rounds: int, connections: int) -> dict[str, Any]:
    """Connections a second with two clients at once: both gateways asked by the same client for the same name."""
    with envoy.workspace() as directory, World(directory, servers=False) as world, contextlib.ExitStack() as stack:
        stack.enter_context(answering(world, directory / "answer"))
        certificate, key = map(str, world.mesh.issue("client", spiffe(Client(asking))))
        targets: dict[str, Target] = {
            way: stack.enter_context(gateway(way, manifests[way], world, directory / way))[0] for way in WAYS
        }
        hello = with_raw_name(name.encode())
        with ProcessPoolExecutor(2) as pool:

            def loaded(way: str) -> float:
                started = time.perf_counter()
                arguments = (targets[way].port, connections // 2, certificate, key, hello)
                for wait in [pool.submit(connect, *arguments) for _ in range(2)]:
                    wait.result()
                return connections / (time.perf_counter() - started)

            return alternating(rounds, loaded)


def memory(manifests: dict[str, Any], way: str) -> float:
    """Bytes that a fresh gateway's Envoy has allocated."""
    with (
        envoy.workspace() as directory,
        World(directory, servers=False) as world,
        gateway(way, manifests[way], world, directory / "gateway") as (_, running),
    ):
        return float(json.loads(running.get("/memory"))["allocated"])


def report(results: dict[str, Any]) -> str:
    """The results in Markdown."""
    size = results["teams"] * results["domains"]
    lines = [
        f"Envoy {results['envoy']}, {results['machine']}.",
        f"{results['teams']} teams with {results['domains']} domains each; alternating runs, medians.",
        "A ratio is limited over unlimited.",
        "",
        "| what | runs | limited | unlimited | ratio |",
        "|---|--:|--:|--:|--:|",
    ]
    for title, form, scale in (
        ("whole build", "{:.2f} s", 1),
        ("connections a second", "{:,.0f}", 1),
        ("memory of the gateway's Envoy", "{:.1f} MB", 1e-6),
    ):
        one = results[title]
        cells = [form.format(one["medians"][way] * scale) for way in WAYS]
        lines.append(f"| {title} | {len(one['runs'][OPEN])} | {cells[0]} | {cells[1]} | {one['ratio']:.3f} |")
    each = [
        (results["memory of the gateway's Envoy"]["medians"][way] - results["memory with few domains"][way])
        / (size - results["few domains"])
        for way in WAYS
    ]
    lines.append(
        f"| memory a domain (slope from {results['few domains']}) | | {each[0]:,.0f} B | {each[1]:,.0f} B "
        f"| {each[0] / each[1]:.3f} |"
    )
    holds = "holds" if results["connections a second"]["ratio"] >= BOUND else "**does not hold**"
    lines += ["", f"Bound: connections a second at least {BOUND} times the unlimited list's: {holds}."]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, write the results, print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.clients", description=__doc__)
    parser.add_argument("--rounds", type=int, default=21, help="runs of traffic a way (default 21)")
    parser.add_argument("--builds", type=int, default=7, help="builds a way (default 7)")
    parser.add_argument("--connections", type=int, default=120, help="connections a run (default 120)")
    parser.add_argument("--no-keep", dest="keep", action="store_false", help="print the table, write nothing")
    options = parser.parse_args()
    teams, domains = 200, 50
    with tempfile.TemporaryDirectory() as scratch:
        made: dict[str, Path] = {}
        few: dict[str, Path] = {}
        for way in WAYS:
            for target, count in ((made, domains), (few, 0)):
                directory = Path(scratch) / f"{way}-{count}"
                directory.mkdir()
                target[way] = overlay(directory, way, teams if count else 2, count or 5)
        builds = alternating(options.builds, lambda way: _timed_build(made[way]))
        manifests = {way: build(directory) for way, directory in made.items()}
        fewest = {way: build(directory) for way, directory in few.items()}
    results = {
        "envoy": envoy.version(envoy.find()),
        "machine": f"{os.cpu_count()} CPUs, {platform.machine()}, Python {platform.python_version()}",
        "teams": teams,
        "domains": domains,
        "whole build": builds,
        "connections a second": traffic(
            manifests, "team-137/default", "host-7.team-137.example.com", options.rounds, options.connections
        ),
        "memory of the gateway's Envoy": alternating(3, lambda way: memory(manifests, way)),
        "few domains": 10,
        "memory with few domains": {way: statistics.median(memory(fewest, way) for _ in range(3)) for way in WAYS},
    }
    if options.keep:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "clients.json").write_text(json.dumps(results, indent=1) + "\n")
        (RESULTS / "clients.md").write_text(report(results))
    sys.stdout.write(report(results))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
