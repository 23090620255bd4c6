"""Measures the function against its peers: `make bench`. See docs/performance.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from yaml12 import parse_yaml

from . import contenders, report, workloads
from .contenders import CAT, GO, OURS, REPLACEMENTS, REPLAY
from .measure import Job, Meter, alternate, summary

RESULTS = Path(__file__).with_name("results") / "results.json"


def main() -> int:
    """Measure what is asked for, add it to the results, and write table and plot anew."""
    options = _options()
    if options.report:
        report.write(json.loads(RESULTS.read_text()))
        return 0
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results["machine"] = _machine()
    meter = Meter()
    with tempfile.TemporaryDirectory(prefix="egress-overlays-bench-") as scratch:
        bench = Bench(meter, Path(scratch), options)
        results["memory floor"] = meter.run(Job(("true",), Path(scratch))).memory
        if options.only in ("", "start"):
            results["start"] = bench.start()
        if options.only in ("", "function"):
            results.setdefault("function", {}).update(bench.functions())
        if options.only in ("", "build"):
            results.setdefault("build", {}).update(bench.builds())
    meter.close()
    if options.keep:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
        report.write(results)
    sys.stdout.write(report.text(results))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="runs of each peer (default 15)")
    parser.add_argument("--only", choices=("start", "function", "build"), default="", help="measure this part alone")
    parser.add_argument("--workload", default="", metavar="NAME", help="only workloads whose name holds NAME")
    parser.add_argument("--also", default=[], action="append", metavar="NAME=COMMAND", help="one more peer: a function")
    parser.add_argument("--largest-build", type=int, default=1_000, metavar="N", help="skip builds of more resources")
    parser.add_argument("--no-keep", dest="keep", action="store_false", help="print the table, write nothing")
    parser.add_argument("--report", action="store_true", help="measure nothing: write table and plot from the JSON")
    return parser.parse_args()


class Bench:
    """The three parts of the benchmark, each of which gives summaries by workload and peer."""

    def __init__(self, meter: Meter, scratch: Path, options: argparse.Namespace) -> None:
        self.meter = meter
        self.scratch = scratch
        self.options = options
        self.sink = scratch / "output"
        self.also: dict[str, tuple[str, ...]] = {contenders.ARCHIVE: (str(contenders.archive(scratch)),)}
        for pair in options.also:
            name, _, command = pair.partition("=")
            self.also[name] = tuple(shlex.split(command))
        self.programs = contenders.functions(scratch)

    def start(self) -> dict[str, Any]:
        """What it costs to begin: an interpreter that does nothing, and the smallest input there is."""
        empty = self.scratch / "empty.input"
        empty.write_text("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n")
        jobs = {name: Job(argv, self.scratch) for name, argv in contenders.starts(self.scratch).items()}
        jobs |= {CAT: Job((str(self.programs[CAT]),), self.scratch, empty)}
        jobs |= {f"{GO}, no items": Job((str(self.programs[GO]),), self.scratch, empty)}
        return self._measure("start", jobs)

    def functions(self) -> dict[str, Any]:
        """The function alone, fed what Kustomize would feed it."""
        found = {}
        for workload in self._wanted([*workloads.ALL, *workloads.GOVERNED]):
            source = self._input(workload)
            jobs = {name: Job((str(path),), self.scratch, source) for name, path in self.programs.items()}
            jobs |= {name: Job(argv, self.scratch, source) for name, argv in self.also.items()}
            self._check_same_work(jobs)
            found[workload.name] = self._measure(f"function alone, {workload.title}", jobs)
        return found

    def builds(self) -> dict[str, Any]:
        """The whole `kustomize build`, with each function, and with no function at all."""
        found = {}
        for workload in self._wanted(workloads.ALL):
            if workload.resources > self.options.largest_build:
                continue
            jobs = {}
            programs = self.programs | {REPLAY: contenders.replay(self._input(workload), self.scratch)}
            for name, path in programs.items():
                overlay = self.scratch / "builds" / workload.name / name.replace(" ", "-")
                workloads.write_overlay(workload, path, overlay)
                jobs[name] = Job((*workloads.KUSTOMIZE_BUILD, "."), overlay)
            overlay = self.scratch / "builds" / workload.name / REPLACEMENTS
            workloads.write_replacements(workload, overlay)
            jobs[REPLACEMENTS] = Job(("kustomize", "build", "."), overlay)
            found[workload.name] = self._measure(f"whole build, {workload.title}", jobs)
        return found

    def _input(self, workload: workloads.Workload) -> Path:
        return workloads.capture(workload.name, partial(workloads.write_overlay, workload), self.scratch)

    def _measure(self, title: str, jobs: dict[str, Job]) -> dict[str, Any]:
        sys.stderr.write(f"bench: {title}\n")
        found = alternate(self.meter, jobs, self.options.rounds, self.sink)
        return {name: summary(runs) for name, runs in found.items()}

    def _wanted(self, every: list[workloads.Workload]) -> list[workloads.Workload]:
        found = [workload for workload in every if self.options.workload in workload.name]
        if not found:
            names = ", ".join(workload.name for workload in every)
            raise SystemExit(f"bench: no workload's name holds {self.options.workload!r}; there are {names}")
        return found

    def _check_same_work(self, jobs: dict[str, Job]) -> None:
        """Every peer must have put the same names into the VirtualService: an empty function is quick too."""
        lists = {}
        for name, job in jobs.items():
            if name != CAT:
                self.meter.run(job, self.sink)
                lists[name] = sorted(_hosts(self.sink.read_text()))
        for name, hosts in lists.items():
            if hosts != lists[OURS] or len(hosts) < 10:
                raise SystemExit(
                    f"bench: {name} does other work than {OURS}: {len(hosts)} hosts, not {len(lists[OURS])}"
                )


def _hosts(output: str) -> list[str]:
    resources: Any = parse_yaml(output)
    for item in resources["items"]:
        if item["kind"] == "VirtualService":
            return list(item["spec"]["hosts"])
    raise SystemExit("bench: no VirtualService in the output")


def _machine() -> dict[str, Any]:
    """What the figures depend on."""
    kustomize = subprocess.run(["kustomize", "version"], capture_output=True, text=True, check=True).stdout.strip()
    revision = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "kustomize": kustomize,
        "revision": revision.stdout.strip(),
        "load": round(os.getloadavg()[0], 2),
    }


if __name__ == "__main__":
    raise SystemExit(main())
