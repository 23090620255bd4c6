"""Measures `egress-overlays verify` beside an interpreter that does nothing: `make bench-verify`.

overlays/prod as it renders, and the base with 10,000 names. The two of a pair run in turn; what is compared are the
medians of CPU time. Results: bench/results/verify.json and .md.
"""

from __future__ import annotations

import argparse
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

IDLE, VERIFY = "idle interpreter", "verify"
MOST = 10
"""`verify` of prod feels instant: this many idle interpreters at most."""


def main() -> int:
    """Measure both files and write the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.verify", description=__doc__)
    parser.add_argument("--rounds", type=int, default=31, help="runs of each (default 31)")
    rounds = parser.parse_args().rounds
    meter = Meter()
    with tempfile.TemporaryDirectory(prefix="egress-overlays-bench-") as made:
        found = {
            title: alternating((IDLE, VERIFY), rounds, partial(_run, meter, file))
            for title, file in _rendered(Path(made)).items()
        }
    meter.close()
    keep("verify", found, _table(found))
    return 0


def _rendered(scratch: Path) -> dict[str, Path]:
    """The files to verify, by what they are."""
    large = scratch / "large"
    workloads.write_overlay(workloads.Workload(10_000, 0), workloads.CHECKOUT / "plugin" / "egress-overlays", large)
    found = {}
    for title, directory in {"overlays/prod": workloads.CHECKOUT / "overlays/prod", "10,000 names": large}.items():
        found[title] = scratch / f"{directory.name}.yaml"
        with found[title].open("wb") as file:
            subprocess.run([*workloads.KUSTOMIZE_BUILD, str(directory)], stdout=file, check=True)
    return found


def _run(meter: Meter, file: Path, what: str) -> Mapping[str, float]:
    argv = {
        IDLE: (sys.executable, "-c", "pass"),
        VERIFY: (sys.executable, "-m", "egress_overlays", "verify", str(file)),
    }
    run = meter.run(Job(argv[what], file.parent))
    return {"cpu": run.cpu, "wall": run.wall}


def _table(found: dict[str, dict[str, Any]]) -> str:
    rows = []
    for title, pair in found.items():
        cpu, wall = pair["cpu"], pair["wall"]
        idle, ours = cpu["medians"][IDLE], cpu["medians"][VERIFY]
        bound = f"at most {MOST}" if title.startswith("overlays") else ""
        rows.append(
            f"| {title} | {len(cpu['runs'][IDLE])} | {ours * 1000:,.0f} ms | {wall['medians'][VERIFY] * 1000:,.0f} ms "
            f"| {idle * 1000:.1f} ms | {cpu['ratio']:.1f} | {bound} |\n"
        )
    return (
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}. Runs in turn, medians; "
        "the ratio is of CPU time.\n\n"
        "| verify of | runs | CPU | wall | CPU of an idle interpreter | ratio | bound |\n"
        "|---|--:|--:|--:|--:|--:|---|\n" + "".join(rows)
    )


if __name__ == "__main__":
    sys.exit(main())
