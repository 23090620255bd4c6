"""Measures lists at ten ports beside lists of as many names at 443 alone: `make bench-ports`.

A list of 100 names at each of ten ports, and one of 1,000 names at 443: the function alone, beside the Go function on
the latter; the whole build; and connections a second through the gateway, at one of the ten ports and at 443 alone.
Runs alternate; what is compared are the medians. Results: bench/results/ports.json and .md.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests/support")]

from builds import build, overlay  # noqa: E402 - the line above makes it importable
from egress_overlays.probe import bootstrap, configuration, envoy, workloads  # noqa: E402
from egress_overlays.probe.client import with_raw_name  # noqa: E402
from egress_overlays.probe.identity import PROBE, spiffe  # noqa: E402
from egress_overlays.probe.world import World  # noqa: E402

from .contenders import FUNCTION, go_function  # noqa: E402
from .forwarder import answering, connect  # noqa: E402
from .kept import MACHINE, keep  # noqa: E402
from .paired import alternating  # noqa: E402
from .workloads import names  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ALONE, TEN = "1,000 names at 443", "100 names at each of 10 ports"
PORTS = (443, *range(9001, 9010))
NAME = "bench.wikipedia.org"


def lists() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The components and the names of both."""
    found = names(1_000)
    pairs = (
        name if port == 443 else f"{name}:{port}" for number, name in enumerate(found) for port in (PORTS[number % 10],)
    )
    return {ALONE: ((), tuple(found)), TEN: (("ports",), tuple(pairs))}


def command(arguments: list[str], fed: Path | None = None) -> dict[str, float]:
    """Wall and CPU seconds of a command that reads the file `fed`."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with contextlib.ExitStack() as stack:
        stdin = stack.enter_context(fed.open()) if fed else subprocess.DEVNULL
        subprocess.run(arguments, stdin=stdin, stdout=subprocess.DEVNULL, check=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - started
    return {"wall seconds": wall, "CPU seconds": sum(after[:2]) - sum(before[:2])}


def functions(rounds: int, directories: Mapping[str, Path]) -> dict[str, Any]:
    """The function alone, against the Go function on as many names at 443; and the whole build."""
    fed = {name: _input(directory) for name, directory in directories.items()}
    go = "Go function"
    jobs: dict[str, Callable[[], dict[str, float]]] = {
        go: lambda: command([str(go_function())], fed[ALONE]),
        ALONE: lambda: command([str(FUNCTION)], fed[ALONE]),
        TEN: lambda: command([str(FUNCTION)], fed[TEN]),
    }
    found = {
        f"function alone, {name}": alternating((go, name), rounds, lambda one: jobs[one]()) for name in (ALONE, TEN)
    }
    build_of = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec"]
    whole = alternating(tuple(directories), rounds, lambda one: command([*build_of, str(directories[one])]))
    return {**found, "whole build": whole}


def _input(directory: Path) -> Path:
    """What Kustomize would feed the function of an overlay."""
    kustomization = yaml.safe_load((directory / "kustomization.yaml").read_text())
    kustomization["components"].pop()
    bare = directory.parent / f"{directory.name}-bare"
    bare.mkdir()
    for file in directory.glob("*.yaml"):
        (bare / file.name).write_text(file.read_text())
    (bare / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    built = subprocess.run(["kustomize", "build", str(bare)], capture_output=True, text=True, check=True).stdout
    config = {"apiVersion": "egress-overlays.dev/v1alpha1", "kind": "EgressDomains", "metadata": {"name": "inject"}}
    items = [one for one in yaml.safe_load_all(built) if one]
    fed = directory.parent / f"{directory.name}.yaml"
    whole = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": items, "functionConfig": config}
    fed.write_text(yaml.safe_dump(whole, sort_keys=False))
    return fed


def traffic(rounds: int, connections: int, directories: Mapping[str, Path]) -> dict[str, Any]:
    """Connections a second with two clients at once, and CPU time a connection, at one port of ten and at 443 alone."""
    with envoy.workspace() as directory, World(directory, servers=False) as world, contextlib.ExitStack() as stack:
        stack.enter_context(answering(world, directory / "answer"))
        certificate, key = map(str, world.mesh.issue("client", spiffe(PROBE)))
        targets = {}
        for number, (name, source) in enumerate(directories.items()):
            own = directory / str(number)
            own.mkdir()
            resources = build(source)
            made = configuration(resources, workloads(resources)[0])
            config = bootstrap.build(made.listeners, made.clusters, world, own)
            for listener in made.listeners:
                listener["access_log"].pop()  # the probe's own
            running = stack.enter_context(envoy.Envoy(envoy.find(), config, own))
            targets[name] = running.port("0.0.0.0_9005" if name == TEN else "0.0.0.0_8443"), running.pid
        hello = with_raw_name(NAME.encode())
        with ProcessPoolExecutor(2) as pool:

            def loaded(name: str) -> dict[str, float]:
                port, pid = targets[name]
                started, before = time.perf_counter(), _cpu(pid)
                waits = [pool.submit(connect, port, connections // 2, certificate, key, hello) for _ in range(2)]
                for wait in waits:
                    wait.result()
                return {
                    "connections a second": connections / (time.perf_counter() - started),
                    "CPU seconds a connection": (_cpu(pid) - before) / connections,
                }

            return alternating((ALONE, TEN), rounds, loaded)


def _cpu(pid: int) -> float:
    return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def report(results: dict[str, Any]) -> str:
    """The results in Markdown."""
    lines = [
        f"Envoy {results['envoy']}, {results['machine']}; {results['rounds']} alternating runs each, medians.",
        "",
        "| what | | first | second | ratio |",
        "|---|---|--:|--:|--:|",
    ]
    for what, quantities in results["measured"].items():
        for quantity, one in quantities.items():
            is_rate = quantity == "connections a second"
            (first, mine), (second, its) = one["medians"].items()
            cells = [f"{first}: {mine:,.0f}", f"{second}: {its:,.0f}"]
            if not is_rate:
                cells = [f"{first}: {mine * 1e3:.2f} ms", f"{second}: {its * 1e3:.2f} ms"]
            title = quantity.replace("CPU seconds", "CPU time").replace("wall seconds", "wall time")
            lines.append(f"| {what} | {title} | {cells[0]} | {cells[1]} | {one['ratio']:.2f} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, write the results, print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.ports", description=__doc__)
    parser.add_argument("--rounds", type=int, default=31, help="runs of each (default 31)")
    parser.add_argument("--connections", type=int, default=120, help="connections a run (default 120)")
    parser.add_argument("--no-keep", dest="keep", action="store_false", help="print the table, write nothing")
    options = parser.parse_args()
    with envoy.workspace() as directory:
        directories = {}
        for number, (name, (components, listed)) in enumerate(lists().items()):
            own = directory / f"overlay-{number}"
            own.mkdir()
            further = f"{NAME}:9005" if name == TEN else NAME
            directories[name] = overlay(own, components, (*listed, further))
        measured = functions(options.rounds, directories)
        measured["gateway"] = traffic(options.rounds, options.connections, directories)
    results = {
        "envoy": envoy.version(envoy.find()),
        "machine": MACHINE,
        "rounds": options.rounds,
        "measured": measured,
    }
    keep("ports", results, report(results), really=options.keep)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
