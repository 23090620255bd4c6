"""Measures how fast `learn` reads access logs, beside jq and a naive reader: `python -m bench.logs`, in `make bench`.

Every peer reads the same file. Time is CPU time, since "a second and core" is asked; the start of the program counts.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import access_logs
from .measure import Job, Meter, alternate, summary
from .workloads import CHECKOUT

RESULTS = Path(__file__).with_name("results") / "logs.md"
OURS, JQ, NAIVE, CAREFUL = "learn", "jq -c of two fields", "naive Python", "Python, bytes and one expression"
_NAIVE = Path(__file__).with_name("peers") / "read_log.py"
_TITLES = {"json": "Istio's JSON", "text": "Istio's default text", "clients": "client-lists' JSON"}
_PICKED = {"json": "[.requested_server_name,.downstream_remote_address]", "clients": "[.name,.client]"}


def main() -> int:
    """Measure both forms, and memory by a long log; print the table, and keep it."""
    options = _options()
    meter = Meter()
    with tempfile.TemporaryDirectory(prefix="egress-overlays-bench-") as scratch:
        found = {form: _measured(meter, form, Path(scratch), options) for form in access_logs.FORMS}
        long = _memory(meter, Path(scratch), options)
    meter.close()
    text = _text(found, long, options)
    if options.keep:
        RESULTS.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.logs", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="runs of each peer (default 7)")
    parser.add_argument("--lines", type=int, default=500_000, help="lines of each log (default 500,000)")
    parser.add_argument("--long", type=int, default=2_000, help="MB of the log that memory is measured by")
    parser.add_argument("--no-keep", dest="keep", action="store_false", help="print the table, write nothing")
    return parser.parse_args()


def _measured(meter: Meter, form: str, scratch: Path, options: argparse.Namespace) -> dict[str, Any]:
    log = scratch / f"{form}.log"
    _write(log, access_logs.lines(options.lines, form))
    jobs = {OURS: _learn(log, scratch), NAIVE: _peer(form, log)}
    if form == "text":
        jobs[CAREFUL] = _peer("careful", log)
    jq = shutil.which("jq")
    if form in _PICKED and jq:
        jobs[JQ] = Job((jq, "-c", _PICKED[form], str(log)), scratch)
    size = log.stat().st_size / 1e6
    runs = alternate(meter, jobs, options.rounds, scratch / "output")
    return {name: size / summary(each)["cpu"]["median"] for name, each in runs.items()}


def _learn(log: Path, scratch: Path) -> Job:
    program = str(CHECKOUT / "plugin" / "egress-overlays")
    return Job((program, "learn", "--by", "all", str(log)), scratch)


def _peer(form: str, log: Path) -> Job:
    return Job((sys.executable, "-I", str(_NAIVE), form, str(log)), log.parent)


def _jq() -> str:
    """Which jq this is."""
    jq = shutil.which("jq")
    if jq is None:
        return "no jq here"
    return subprocess.run([jq, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def _write(log: Path, lines: Iterator[str]) -> None:
    with log.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def _memory(meter: Meter, scratch: Path, options: argparse.Namespace) -> dict[str, float]:
    """The peak of a log of --long MB with 20,000 clients and names: 100,000 lines over and over."""
    part = scratch / "part.log"
    _write(part, access_logs.lines(100_000, "json", pairs=20_000, clients=100))
    data = part.read_bytes()
    log = scratch / "long.log"
    with log.open("wb") as file:
        for _ in range(max(1, options.long * 1_000_000 // len(data))):
            file.write(data)
    run = meter.run(_learn(log, scratch))
    return {"MB": log.stat().st_size / 1e6, "MiB": run.memory, "speed": log.stat().st_size / 1e6 / run.cpu}


def _text(found: dict[str, dict[str, Any]], long: dict[str, float], options: argparse.Namespace) -> str:
    about = f"CPU time, medians of {options.rounds} alternating runs over {options.lines:,} lines"
    lines = [
        f"{about}; {_jq()}; load when it ended: {os.getloadavg()[0]:.1f}. Written by `python -m bench.logs`.",
        "Naive Python is text mode with json.loads, or one regular expression and groupdict, a line.",
        "",
        "| log | peer | MB a second and core | learn is so many times as fast |",
        "|---|---|---|---|",
    ]
    for form, peers in found.items():
        for name, speed in peers.items():
            lines.append(f"| {_TITLES[form]} | {name} | {speed:.0f} | {peers[OURS] / speed:.2f} |")
    lines.append("")
    lines.append(
        f"A log of {long['MB']:,.0f} MB with 20,000 clients and names: {long['MiB']:.0f} MiB of memory at the most, "
        f"{long['speed']:.0f} MB a second and core."
    )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
