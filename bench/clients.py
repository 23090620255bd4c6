"""Measures lists for clients beside the same names for everybody: `make bench-clients`.

200 teams with 50 domains each: the function beside the Go one (which copies the names and knows no clients), the whole
build, new connections through the gateway in real Envoy (as bench/forwarder.py makes them), and the memory of a fresh
Envoy. Runs alternate; what is compared are the medians. Results: bench/results/clients.json and .md.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from . import contenders, workloads
from .contenders import GO, REPLAY
from .forwarder import ROOT, answering, connect, gateway, memory_of
from .kept import MACHINE, keep
from .measure import Job, Meter, alternate
from .paired import alternating, compared

from builds import build  # isort: skip - bench.forwarder makes it importable
from egress_overlays.lists.clients import Client
from egress_overlays.probe import envoy
from egress_overlays.probe.client import with_raw_name
from egress_overlays.probe.identity import spiffe
from egress_overlays.probe.world import World

WAYS = OPEN, LIMITED = "unlimited", "limited"
TEAMS, DOMAINS = 200, 50
FEW = 10  # domains, from which the memory of one more is counted


def overlay(way: str, teams: int, domains: int, function: Path, directory: Path) -> Path:
    """An overlay with a ConfigMap a team; the unlimited one differs in clients and component alone."""
    directory.mkdir()
    here = os.path.relpath(ROOT, directory.resolve())
    lists = []
    for team in range(teams):
        metadata: dict[str, Any] = {"name": f"team-{team}", "labels": {"egress-overlays.dev/set": "default"}}
        if way == LIMITED:
            metadata["annotations"] = {"egress-overlays.dev/clients": f"team-{team}"}
        names = "\n".join(f"host-{number}.team-{team}.example.com" for number in range(domains))
        lists.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"names": names}})
    kustomization = {
        "resources": [f"{here}/base", "domains.yaml"],
        "components": [f"{here}/components/client-lists"] if way == LIMITED else [],
        "transformers": [workloads.FUNCTION],
    }
    workloads.write_function(function, directory)
    (directory / "domains.yaml").write_text(yaml.safe_dump_all(lists))
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return directory


def builds(scratch: Path, rounds: int) -> dict[str, dict[str, Any]]:
    """Seconds of the function alone and of the whole build, each beside what the table names."""
    fed = workloads.capture("fed", partial(overlay, LIMITED, TEAMS, DOMAINS), scratch)
    alone = {
        GO: Job((str(contenders.go_function()),), scratch, fed),
        LIMITED: Job((str(contenders.FUNCTION),), scratch, fed),
    }
    functions = {
        REPLAY: (LIMITED, contenders.replay(fed, scratch)),
        **{way: (way, contenders.FUNCTION) for way in WAYS},
    }
    whole = {
        name: Job((*workloads.KUSTOMIZE_BUILD, "."), overlay(way, TEAMS, DOMAINS, function, scratch / f"{name}-whole"))
        for name, (way, function) in functions.items()
    }
    meter = Meter()
    (functions_took, builds_took) = (
        {name: [run.wall for run in runs] for name, runs in alternate(meter, jobs, rounds, scratch / "out").items()}
        for jobs in (alone, whole)
    )
    meter.close()
    found = {"function alone": compared(functions_took)}
    for other in (REPLAY, OPEN):
        found[f"whole build, {other}"] = compared({name: builds_took[name] for name in (other, LIMITED)})
    return found


def traffic(manifests: dict[str, Any], asking: str, name: str, rounds: int, connections: int) -> dict[str, Any]:
    """Connections a second with two clients at once: both gateways asked by the same client for the same name."""
    with envoy.workspace() as directory, World(directory, servers=False) as world, contextlib.ExitStack() as stack:
        stack.enter_context(answering(world, directory / "answer"))
        certificate, key = map(str, world.mesh.issue("client", spiffe(Client(asking))))
        targets = {way: stack.enter_context(gateway(way, manifests[way], world, directory / way))[0] for way in WAYS}
        hello = with_raw_name(name.encode())
        with ProcessPoolExecutor(2) as pool:

            def loaded(way: str) -> dict[str, float]:
                started = time.perf_counter()
                arguments = (targets[way].port, connections // 2, certificate, key, hello)
                for wait in [pool.submit(connect, *arguments) for _ in range(2)]:
                    wait.result()
                return {"connections a second": connections / (time.perf_counter() - started)}

            return alternating(WAYS, rounds, loaded)


def memory(manifests: dict[str, Any], few: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Bytes that a fresh gateway's Envoy has allocated, and bytes a domain: the slope from FEW domains."""
    whole = {way: [memory_of(way, manifests[way]) for _ in range(3)] for way in WAYS}
    least = {way: statistics.median(memory_of(way, few[way]) for _ in range(3)) for way in WAYS}
    each = {way: [(run - least[way]) / (TEAMS * DOMAINS - FEW) for run in whole[way]] for way in WAYS}
    return {"memory of the gateway's Envoy": compared(whole), "memory a domain": compared(each)}


def report(results: dict[str, Any]) -> str:
    """The results in Markdown."""
    lines = [
        f"Envoy {results['envoy']}, {results['machine']}. {TEAMS} teams with {DOMAINS} domains each.",
        "Alternating runs, medians; a ratio is limited lists over what they are compared with.",
        "",
        "| what | runs | limited | compared with | ratio | bound |",
        "|---|--:|--:|--:|--:|---|",
    ]
    for title, one in results["measured"].items():
        what = title.partition(",")[0]
        form, scale, bound = _SHOWN[what]
        (other, beside), (_, ours) = one["medians"].items()
        cells = [form.format(ours * scale), f"{other}: {form.format(beside * scale)}", f"{one['ratio']:.3f}"]
        lines.append(f"| {what} | {len(one['runs'][LIMITED])} | {' | '.join(cells)} | {bound[other]} |")
    return "\n".join(lines) + "\n"


# How a quantity is written: format, scale, and what issue 9 (and 7, for the builds) asks for, by what it is beside.
_SHOWN: dict[str, tuple[str, float, dict[str, str]]] = {
    "function alone": ("{:.0f} ms", 1e3, {GO: "at most 1.5"}),
    "whole build": ("{:.2f} s", 1, {REPLAY: "at most 1.10", OPEN: ""}),
    "connections a second": ("{:,.0f}", 1, {OPEN: "at least 0.9"}),
    "memory of the gateway's Envoy": ("{:.1f} MB", 1e-6, {OPEN: ""}),
    "memory a domain": ("{:,.0f} B", 1, {OPEN: ""}),
}


def main() -> int:
    """Measure, write the results, print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.clients", description=__doc__)
    parser.add_argument("--rounds", type=int, default=45, help="runs of traffic a way (default 45)")
    parser.add_argument("--builds", type=int, default=15, help="runs of the function and builds a way (default 15)")
    parser.add_argument("--connections", type=int, default=120, help="connections a run (default 120)")
    parser.add_argument("--no-keep", dest="keep", action="store_false", help="print the table, write nothing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        measured = builds(scratch, options.builds)
        manifests = {way: build(scratch / f"{way}-whole") for way in WAYS}
        few = {way: build(overlay(way, 2, FEW // 2, contenders.FUNCTION, scratch / f"{way}-few")) for way in WAYS}
    asked = ("team-137/default", "host-7.team-137.example.com")
    results = {
        "envoy": envoy.version(envoy.find()),
        "machine": MACHINE,
        "measured": measured | traffic(manifests, *asked, options.rounds, options.connections) | memory(manifests, few),
    }
    keep("clients", results, report(results), really=options.keep)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
