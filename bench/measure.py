"""Alternating runs of several programs, and what their medians say."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

METER = Path(__file__).with_name("meter.py")


@dataclass(frozen=True)
class Job:
    """One program with its arguments, the directory it runs in and the file that it reads."""

    argv: tuple[str, ...]
    directory: Path
    stdin: Path = Path("/dev/null")


@dataclass(frozen=True)
class Run:
    """One run: wall and CPU time in seconds, peak memory in MiB."""

    wall: float
    cpu: float
    memory: float


def summary(runs: list[Run]) -> dict[str, Any]:
    """Medians and quartiles of everything, and the runs themselves."""
    found: dict[str, Any] = {"runs": len(runs)}
    for what in ("wall", "cpu", "memory"):
        values = [getattr(run, what) for run in runs]
        low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
        found[what] = {"median": middle, "quartiles": [low, high], "least": min(values), "most": max(values)}
    found["each"] = [asdict(run) for run in runs]
    return found


class Meter:
    """The small process that runs and measures; see meter.py."""

    def __init__(self) -> None:
        self._words = tempfile.TemporaryFile("w+")  # noqa: SIM115 - what the programs say; of interest where one fails
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(METER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            text=True,
        )

    def run(self, job: Job, stdout: Path = Path("/dev/null")) -> Run:
        """Run `job` once; raises RuntimeError where it fails, since a failure's time means nothing."""
        stdin, answers = self._process.stdin, self._process.stdout
        if stdin is None or answers is None:
            raise RuntimeError("the meter has no pipes")
        stdin.write("\0".join([str(job.directory), str(job.stdin), str(stdout), *job.argv]) + "\n")
        stdin.flush()
        answer = answers.readline().split()
        if not answer or answer[0] != "0":
            self._words.seek(0)
            last = self._words.read().strip().splitlines()[-1:]
            raise RuntimeError(f"{' '.join(job.argv)} in {job.directory}: exit {answer[:1]}: {last}")
        _, wall, cpu, peak = answer
        return Run(float(wall), float(cpu), int(peak) / 1024)

    def close(self) -> None:
        """End the process."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()


def alternate(meter: Meter, jobs: dict[str, Job], rounds: int, sink: Path) -> dict[str, list[Run]]:
    """`rounds` runs of every job, in turn, so that a busy moment of the machine falls on all of them.

    Each round starts with another one. `sink` takes the outputs, as a pipe or file of a user would.
    """
    found: dict[str, list[Run]] = {name: [] for name in jobs}
    names = list(jobs)
    for job in jobs.values():
        meter.run(job, sink)  # once unmeasured: files into the page cache
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(meter.run(jobs[name], sink))
    return found
