"""Measures the hardened SNI forwarder beside the seed's, in real Envoy: `make bench-forwarder`.

Two gateways stand side by side, each a real Envoy with the configuration that the probe builds: mutual TLS of the mesh,
SNI forwarder, and the TLS session of the application, whose ClientHello alone is sent; a third Envoy answers it. Runs
alternate; what is compared are the medians. Results: bench/results/forwarder.json and .md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests/support")]

from builds import build, overlay  # noqa: E402 - the line above makes it importable
from egress_overlays.probe import bootstrap, configuration, envoy, workloads  # noqa: E402
from egress_overlays.probe.client import OUTER_NAME, with_raw_name  # noqa: E402
from egress_overlays.probe.identity import PROBE, spiffe  # noqa: E402
from egress_overlays.probe.world import World  # noqa: E402

from .kept import MACHINE, keep  # noqa: E402
from .paired import alternating, compared  # noqa: E402

PAIR = SEED, OURS = "seed", "base/"
NAME = b"bench.wikipedia.org"
MEMORY = (10, 1_000, 10_000)


@dataclass(frozen=True)
class Target:
    """A gateway that runs: where it listens, and its process."""

    name: str
    port: int
    pid: int

    def cpu(self) -> float:
        """CPU seconds that its threads have used, to the nanosecond (/proc/PID/task/TID/schedstat)."""
        return (
            sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{self.pid}/task").glob("*/schedstat")) / 1e9
        )


COMPONENTS: list[str] = []


def configurations(domains: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    """The manifests of the seed and of ours with the same list."""
    with tempfile.TemporaryDirectory() as directory:
        ours = build(overlay(Path(directory), tuple(COMPONENTS), domains))
    text = (ROOT / "tests/e2e/seed.yaml").read_text()
    return {SEED: [_listed(resource, domains) for resource in yaml.safe_load_all(text)], OURS: ours}


def _listed(node: Any, domains: tuple[str, ...]) -> Any:
    """`node` with the seed's one-name list replaced."""
    if node == ["*.wikipedia.org"]:
        return list(domains)
    if isinstance(node, list):
        return [_listed(child, domains) for child in node]
    if isinstance(node, dict):
        return {key: _listed(child, domains) for key, child in node.items()}
    return node


@contextlib.contextmanager
def gateway(
    name: str, resources: list[dict[str, Any]], world: World, directory: Path
) -> Iterator[tuple[Target, envoy.Envoy]]:
    """An Envoy with the gateway's configuration, its logs going where they go in a cluster: to stdout, here a file."""
    directory.mkdir()
    (workload,) = workloads(resources)
    made = configuration(resources, workload)
    config = bootstrap.build(made.listeners, made.clusters, world, directory)
    for listener in made.listeners:
        listener["access_log"].pop()  # the probe's own
    mesh = next(listener["name"] for listener in made.listeners if "address" in listener)
    with envoy.Envoy(envoy.find(), config, directory) as running:
        yield Target(name, running.port(mesh), running.pid), running


def answers(address: str, port: int) -> dict[str, Any]:
    """The configuration of an Envoy that says one byte to whoever connects to the address, and closes."""
    direct = {
        "name": "envoy.filters.network.direct_response",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.direct_response.v3.Config",
            "response": {"inline_string": "x"},
        },
    }
    where = {"socket_address": {"address": address, "port_value": port}}
    listener = {"name": "answer", "address": where, "filter_chains": [{"filters": [direct]}]}
    admin = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}}
    return {"admin": admin, "static_resources": {"listeners": [listener]}}


@contextlib.contextmanager
def answering(world: World, directory: Path) -> Iterator[None]:
    """An Envoy that says one byte to whoever connects to the stand-in, and closes."""
    directory.mkdir()
    with envoy.Envoy(envoy.find(), answers(world.stand_in, world.port), directory):
        yield


def connect(port: int, count: int, certificate: str, key: str, hello: bytes) -> list[float]:
    """Seconds from the first SYN to the destination's first byte, of `count` connections one after the other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(certificate, key)
    found = []
    for _ in range(count):
        started = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port)) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with context.wrap_socket(plain, server_hostname=OUTER_NAME) as tls:
                tls.sendall(hello)
                if tls.recv(1) != b"x":
                    raise RuntimeError("the destination was not reached")
                found.append(time.perf_counter() - started)
    return found


def traffic(rounds: int, connections: int) -> dict[str, Any]:
    """Connections a second with two clients at once, CPU time a connection, and time to the first byte with one."""
    manifests = configurations(("*.wikipedia.org",))
    with envoy.workspace() as directory, World(directory, servers=False) as world, contextlib.ExitStack() as stack:
        stack.enter_context(answering(world, directory / "answer"))
        certificate, key = map(str, world.mesh.issue("client", spiffe(PROBE)))
        entered = [gateway(name, manifests[name], world, directory / name.strip("/")) for name in (SEED, OURS)]
        targets = {target.name: target for target, _ in map(stack.enter_context, entered)}
        hello = with_raw_name(NAME)
        with ProcessPoolExecutor(2) as pool:

            def loaded(name: str) -> dict[str, float]:
                target = targets[name]
                started, before = time.perf_counter(), target.cpu()
                waits = [pool.submit(connect, target.port, connections // 2, certificate, key, hello) for _ in range(2)]
                for wait in waits:
                    wait.result()
                return {
                    "connections a second": connections / (time.perf_counter() - started),
                    "CPU seconds a connection": (target.cpu() - before) / connections,
                }

            def alone(name: str) -> dict[str, float]:
                found = connect(targets[name].port, connections // 10, certificate, key, hello)
                return {"seconds to the first byte": statistics.median(found)}

            return {**alternating(PAIR, rounds, loaded), **alternating(PAIR, 2 * rounds, alone)}


def memory_of(name: str, resources: list[dict[str, Any]]) -> float:
    """Bytes that a fresh gateway's Envoy has allocated."""
    with (
        envoy.workspace() as directory,
        World(directory, servers=False) as world,
        gateway(name, resources, world, directory / "gateway") as (_, running),
    ):
        return float(json.loads(running.get("/memory"))["allocated"])


def memory() -> dict[str, Any]:
    """Bytes that a fresh gateway's Envoy has allocated, by number of domains."""
    found: dict[str, Any] = {}
    for count in MEMORY:
        domains = ("*.wikipedia.org", *(f"*.site-{number}.example.com" for number in range(count - 1)))
        manifests = configurations(domains)
        allocated = {name: [memory_of(name, manifests[name]) for _ in range(3)] for name in PAIR}
        found[str(count)] = compared(allocated)
    return found


def report(results: dict[str, Any]) -> str:
    """The results in Markdown."""
    what = "alternating runs each, medians. A ratio is ours over the seed's."
    lines = [
        f"Envoy {results['envoy']}, {results['machine']}; {results['rounds']} {what}",
        "",
        "| what | seed | base/ | ratio |",
        "|---|---|---|---|",
    ]
    shown = {
        "connections a second": (1, "{:,.0f}"),
        "CPU seconds a connection": (1e6, "{:,.0f} µs"),
        "seconds to the first byte": (1e3, "{:.2f} ms"),
    }
    for what, (scale, form) in shown.items():
        medians = results["traffic"][what]["medians"]
        cells = [form.format(medians[name] * scale) for name in (SEED, OURS)]
        title = what.replace("CPU seconds", "CPU time").replace("seconds", "time")
        lines.append(f"| {title} | {cells[0]} | {cells[1]} | {results['traffic'][what]['ratio']:.3f} |")
    for count, one in results["memory"].items():
        cells = [f"{one['medians'][name] / 1e6:.2f} MB" for name in (SEED, OURS)]
        lines.append(f"| memory, {int(count):,} domains | {cells[0]} | {cells[1]} | {one['ratio']:.3f} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, write the results, print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.forwarder", description=__doc__)
    parser.add_argument("--rounds", type=int, default=45, help="runs of each gateway (default 45)")
    parser.add_argument("--connections", type=int, default=120, help="connections a run (default 120)")
    parser.add_argument("--no-keep", dest="keep", action="store_false", help="print the table, write nothing")
    parser.add_argument(
        "--component", action="append", default=COMPONENTS, help="with this component; implies --no-keep"
    )
    options = parser.parse_args()
    options.keep = options.keep and not COMPONENTS
    results = {
        "envoy": envoy.version(envoy.find()),
        "machine": MACHINE,
        "rounds": options.rounds,
        "traffic": traffic(options.rounds, options.connections),
        "memory": memory(),
    }
    keep("forwarder", results, report(results), really=options.keep)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
