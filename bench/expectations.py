"""Measures `egress-overlays test` of 500 expectations beside one: `make bench-expectations`.

What both have in common, reading manifests and verifying them, is what is there without expectations. The two of a
pair run in turn, on rendered manifests; what counts is the difference of the medians. Results:
bench/results/expectations.json and .md.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import workloads
from .kept import keep
from .measure import Job, Meter
from .paired import alternating

if TYPE_CHECKING:
    from collections.abc import Mapping

COUNT = 500
ONE, ALL = "one expectation", f"{COUNT} expectations"
MOST = 1.0
"""Seconds that 500 expectations may take beyond one."""


def main() -> int:
    """Measure each file and write the table; 1 where the bound does not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench.expectations", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="runs of each (default 15)")
    rounds = parser.parse_args().rounds
    meter = Meter()
    with tempfile.TemporaryDirectory(prefix="egress-overlays-bench-") as made:
        found = {
            title: alternating((ONE, ALL), rounds, partial(_run, meter, directory))
            for title, directory in _trees(Path(made)).items()
        }
    meter.close()
    keep("expectations", found, _table(found))
    return int(any(_beyond(pair, "cpu") > MOST for pair in found.values()))


def _trees(scratch: Path) -> dict[str, Path]:
    """Directories with the manifests and both files of expectations, by what they are."""
    found = {}
    prod = workloads.CHECKOUT / "overlays/prod"
    for title, directory, names in (
        ("overlays/prod", prod, ["api.stripe.com"]),
        ("a list of 1,000 names", scratch / "large", workloads.names(1_000)),
    ):
        if not directory.exists():
            workloads.write_overlay(
                workloads.Workload(1_000, 0), workloads.CHECKOUT / "plugin/egress-overlays", directory
            )
        found[title] = into = scratch / f"{directory.name}-expected"
        into.mkdir()
        with (into / "rendered.yaml").open("wb") as file:
            subprocess.run([*workloads.KUSTOMIZE_BUILD, str(directory)], stdout=file, check=True)
        listed = [{"host": name, "expect": "allow"} for name in names[: COUNT // 2]]
        others = [
            {"host": f"n{number}.not-listed.example", "expect": "deny", "as": "shop/checkout"}
            for number in range(COUNT - len(listed))
        ]
        for count in (1, COUNT):
            (into / f"{count}.yaml").write_text(json.dumps([*listed, *others][:count]))
    return found


def _run(meter: Meter, directory: Path, what: str) -> Mapping[str, float]:
    file = "1.yaml" if what == ONE else f"{COUNT}.yaml"
    argv = (sys.executable, "-m", "egress_overlays", "test", "--file", file, "rendered.yaml")
    run = meter.run(Job(argv, directory))
    return {"cpu": run.cpu, "wall": run.wall}


def _beyond(pair: dict[str, Any], kind: str) -> float:
    medians = pair[kind]["medians"]
    return float(medians[ALL] - medians[ONE])


def _table(found: dict[str, dict[str, Any]]) -> str:
    rows = [
        f"| {title} | {len(pair['cpu']['runs'][ONE])} | {pair['cpu']['medians'][ONE]:.2f} s "
        f"| {_beyond(pair, 'cpu'):.2f} s | {_beyond(pair, 'wall'):.2f} s | {MOST:.0f} s of CPU |\n"
        for title, pair in found.items()
    ]
    return (
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}. Runs in turn, medians.\n\n"
        f"| test of | runs | CPU with one expectation | CPU that {COUNT} take beyond it | wall | at most |\n"
        "|---|--:|--:|--:|--:|---|\n" + "".join(rows)
    )


if __name__ == "__main__":
    sys.exit(main())
