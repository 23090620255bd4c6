"""Measures what each way out of docs/why.md costs: `make bench-ways`.

The proxies have what istiod, or Envoy Gateway's egctl, makes of the manifests, in the mesh of tests/e2e. Memory a name,
of fresh proxies, by what Envoy says it has allocated: the slope from a list of 100 names to one of 1,000. Connections a
second, and the CPU time of all proxies on the way for one: the ways stand one after the other in an order that changes,
and each is compared with the seed in the same round. Established connections that end when another name comes, and
when it goes. Results: bench/results/ways.json and .md, and the table of docs/why.md.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "tests/support")]

from mesh.askers import SITE  # noqa: E402
from mesh.components import MESH, installed  # noqa: E402
from mesh.connections import serve  # noqa: E402
from mesh.internet import wait_for_port  # noqa: E402
from mesh.mesh import Mesh  # noqa: E402
from mesh.network import add_internet_address  # noqa: E402
from mesh.overlays import Overlays  # noqa: E402
from mesh.processes import Daemon  # noqa: E402
from mesh.proxy import Proxy  # noqa: E402
from mesh.ways import Stage  # noqa: E402

from egress_overlays.probe.envoy import version  # noqa: E402

from .forwarder import answers  # noqa: E402
from .kept import MACHINE, RESULTS, keep  # noqa: E402
from .ways_costs import DRAIN, HELD, OURS, RATED, RATED_SITE, ZONE, Costs, names  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

SEED, TRANSLATED = "the seed", "deploy/envoy-gateway"
ALL = (
    "ServiceEntry, exact, `DNS`",
    "ServiceEntry, wildcard, `NONE`",
    "`DYNAMIC_DNS`",
    "base-direct/",
    "base-ambient/",
    SEED,
    TRANSLATED,
    OURS,
)
"""Ways of docs/ways.md; base-direct/ with its NetworkPolicies costs what it costs without."""
SIZES = FEW, MANY = 100, 1_000
PAGE = ROOT / "docs/why.md"
BEGIN, END = "<!-- made by `make bench-ways` -->\n", "<!-- end of figures -->\n"
HEAD = (
    "way",
    "a name in every sidecar",
    "a name at the gateway",
    "connections a second",
    "CPU time of one",
    "cut by a new name",
    "cut by one that goes",
)


def traffic(costs: Costs, stage: Stage, rounds: int, chosen: Sequence[str]) -> dict[str, Any]:
    """What connections cost, of each way in turn; and in the first round what a change cuts."""
    found: dict[str, Any] = {way: {"traffic": []} for way in chosen}
    order = random.Random(1)  # noqa: S311 - no secret
    for number in range(rounds):
        for way in order.sample(list(found), len(found)):
            stage.names = names(HELD + 2)
            with costs.ways()[way]() as asker:
                costs.traffic(asker)  # warms what is cached
                found[way]["traffic"].append(costs.traffic(asker))
                if not number:
                    found[way]["cut"] = costs.cut(asker)
            say(f"{way}: {found[way]['traffic'][-1]} {found[way]['cut']}")
    return found


def memory(costs: Costs, stage: Stage, chosen: Sequence[str]) -> dict[str, Any]:
    """What each way has allocated, by number of names."""
    found: dict[str, Any] = {way: {"memory": {}} for way in chosen}
    for size in SIZES:
        for way in chosen:
            stage.names = names(size)
            with costs.ways()[way]() as asker:
                found[way]["memory"][str(size)] = costs.memory(way, asker)
            say(f"{way}: {size} names: {found[way]['memory'][str(size)]}")
    return found


def say(what: str) -> None:
    """A line about what is done."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {what}\n")


def main() -> int:
    """Measure, write the results, and put the table into the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.ways", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="times that each way stands (default 5)")
    parser.add_argument("--connections", type=int, default=1000, help="connections a run (default 1000)")
    parser.add_argument("--only", choices=("traffic", "memory"), default="", help="measure this part alone")
    parser.add_argument("--no-keep", dest="keep", action="store_false", help="print the table, write nothing")
    parser.add_argument("--way", action="append", choices=ALL, help="this one beside the seed alone; implies --no-keep")
    options = parser.parse_args()
    options.keep = options.keep and not options.way
    chosen = [way for way in ALL if way in (SEED, *(options.way or ALL))]
    components = installed(*MESH, *(["egctl"] if TRANSLATED in chosen else []))
    before = json.loads((RESULTS / "ways.json").read_text()) if options.only else {"ways": {}}
    ways = {way: before["ways"].get(way, {}) for way in chosen}
    with tempfile.TemporaryDirectory(prefix="egress-overlays-ways-") as scratch:
        (made := Path(scratch) / "overlays").mkdir()
        mesh = Mesh(components, Path(scratch) / "mesh")
        try:
            stage = _stage(mesh, Overlays(ROOT, components, made))
            costs = Costs(stage, options.connections)
            if options.only != "memory":
                add(ways, traffic(costs, stage, options.rounds, chosen))
            if options.only != "traffic":
                add(ways, memory(costs, stage, chosen))
        finally:
            mesh.stop()
    results = {"envoy": version(components["envoy"]), "machine": MACHINE, "ways": ways}
    keep("ways", results, table(results), really=options.keep)
    if options.keep:
        show(results)
    return 0


def add(ways: dict[str, Any], found: dict[str, Any]) -> None:
    """Put what was found of each way beside what is known of it."""
    for way, quantities in found.items():
        ways[way] |= quantities


def show(results: dict[str, Any]) -> None:
    """Put the table into the page."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(before + BEGIN + table(results) + END + rest.partition(END)[2])


def _stage(mesh: Mesh, overlays: Overlays) -> Stage:
    """The mesh, with a destination on its internet that costs little."""
    Proxy.drain_seconds = DRAIN
    Path(mesh.directory).parent.chmod(0o755)  # Clients, who are nobody, read the root certificate below.
    internet = mesh.internet
    serve(internet)
    internet.serve(f"*.{ZONE}", SITE)
    internet.dns.ttl = 3600  # a cluster of each of 1,000 names would ask again every second
    add_internet_address(RATED_SITE)
    internet.dns.records[RATED] = [RATED_SITE]
    config = mesh.directory / "answering.json"
    config.write_text(json.dumps(answers(RATED_SITE, 443)))
    command: list[str | Path] = [mesh.components["envoy"], "-c", config, "--base-id", "77", "--log-level", "warning"]
    Daemon("answering", command, log=mesh.logs / "answering.log").start(lambda: wait_for_port(RATED_SITE, 443))
    mesh.start()
    mesh.cluster.namespace("others")
    mesh.cluster.sync(overlays.build("staging"))
    gateway = mesh.gateway("sni-egressgateway", "egressgateway", "istio-egress")
    stage = Stage(mesh, overlays, gateway, mesh.sidecar("sleep-0", "apps"), internet)
    stage.rest()
    return stage


def table(results: dict[str, Any]) -> str:
    """The figures in Markdown; what was not measured yet is left out."""
    seed = results["ways"][SEED].get("traffic", [])
    lines = [f"| {' | '.join(HEAD)} |", "|---" + "|---:" * (len(HEAD) - 1) + "|"]
    for way, found in results["ways"].items():
        few, many = (found.get("memory", {}).get(str(size), {}) for size in SIZES)
        cells = [
            f"{(many[place] - few[place]) / (MANY - FEW) / 1000:z.1f} KB" if place in few else "-"
            for place in ("sidecar", "gateway")
        ]
        for what in ("rate", "cpu"):
            runs = zip(found.get("traffic", []), seed, strict=True)
            ratios = [run[what] / base[what] for run, base in runs if what in run]
            cells.append(f"{statistics.median(ratios):.2f}" if ratios else "-")
        cut = found.get("cut", {})
        cells += [f"{cut[change]} of {cut['held']}" if cut else "-" for change in ("added", "removed")]
        lines.append(f"| {' | '.join([way, *cells])} |")
    rounds = f"; rounds: {len(seed)}, ratios to the seed in the same one, medians" if seed else ""
    return "\n".join([*lines, "", f"Envoy {results['envoy']}, {results['machine']}{rounds}."]) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
