"""Measures `diff --rev` of a tree whose shared list changes beside the builds alone: `make bench-trees`.

A made-up repository of many overlays that take one list each from their team and one that all share; the second commit
adds a name to the shared one. The builds alone are `kustomize build` of every overlay at both revisions, as many at a
time as there are cores, from the same files. The two run in turn; what is compared are medians of wall time, and beside
them the processor time of all processes, which a busy machine changes less.
Results: bench/results/trees.json and .md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .kept import keep
from .paired import alternating
from .workloads import CHECKOUT, KUSTOMIZE_BUILD

if TYPE_CHECKING:
    from collections.abc import Mapping

BUILDS, DIFF = "builds alone", "diff --rev"
BOUND = 1.2
"""What `diff` may take, as a multiple of the builds alone."""
_LIST = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {0}\n  labels: {{egress-overlays.dev/set: default}}\n"
    "data:\n  {0}: |\n{1}"
)
_OVERLAY = "resources: [../../base, ../../shared, own.yaml]\ntransformers: [../../plugin/inject]\n"
_NOBODY = {
    **{f"GIT_{who}_{what}": "bench" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def main() -> int:
    """Measure, and write the table; 1 where the bound does not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench.trees", description=__doc__)
    parser.add_argument("--overlays", type=int, default=200, help="how many overlays (default 200)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each (default 5)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="egress-overlays-bench-") as made:
        before, after = _trees(Path(made), given.overlays)
        both = alternating((BUILDS, DIFF), given.rounds, partial(_run, before, after))
    load, found, spent = os.getloadavg()[0], both["wall"], both["cpu"]
    said = {**found, "cpu": spent, "overlays": given.overlays, "cores": os.cpu_count(), "load": load}
    table = (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; load "
        f"at the end: {load:.1f}. {given.overlays} overlays, of which a shared list changes. Runs in turn, medians of "
        "the time on the clock, and of the processors' seconds.\n\n"
        "| runs | | builds alone | diff --rev | ratio | bound |\n|--:|---|--:|--:|--:|---|\n"
        f"| {given.rounds} | clock {_row(found)} at most {BOUND} |\n| | processors {_row(spent)} |\n"
    )
    keep("trees", said, table)
    return int(found["ratio"] > BOUND)


def _row(found: Mapping[str, Any]) -> str:
    medians = found["medians"]
    return f"| {medians[BUILDS]:.1f} s | {medians[DIFF]:.1f} s | {found['ratio']:.2f} |"


def _trees(scratch: Path, overlays: int) -> tuple[Path, Path]:
    """The tree at the first commit, laid out, and the repository with the second one checked out."""
    repository, first = scratch / "repository", scratch / "first"
    shutil.copytree(CHECKOUT / "base", repository / "base")
    for part in ("guard", "inject"):
        shutil.copytree(CHECKOUT / "plugin" / part, repository / "plugin" / part)
    program = repository / "plugin/egress-overlays"
    program.write_text(f'#!/bin/sh\nexec {CHECKOUT}/plugin/egress-overlays "$@"\n')
    program.chmod(0o755)
    shared = [f"    host-{number}.shared.example\n" for number in range(50)]
    (repository / "shared").mkdir()
    (repository / "shared/kustomization.yaml").write_text("resources: [list.yaml]\n")
    (repository / "shared/list.yaml").write_text(_LIST.format("shared", "".join(shared)))
    for number in range(overlays):
        overlay = repository / f"overlays/team-{number:03}"
        overlay.mkdir(parents=True)
        (overlay / "kustomization.yaml").write_text(_OVERLAY)
        own = "".join(f"    host-{name}.team-{number}.example\n" for name in range(10))
        (overlay / "own.yaml").write_text(_LIST.format("own", own))
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "one")):
        _git(repository, *words)
    shutil.copytree(repository, first, ignore=shutil.ignore_patterns(".git"))
    (repository / "shared/list.yaml").write_text(
        _LIST.format("shared", "".join([*shared, "    one-more.shared.example\n"]))
    )
    _git(repository, "commit", "-qam", "two")
    return first, repository


def _git(directory: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=directory, env={**os.environ, **_NOBODY}, check=True)


def _run(before: Path, after: Path, what: str) -> Mapping[str, float]:
    start, spent = time.monotonic(), _spent()
    if what == DIFF:
        words = [sys.executable, "-m", "egress_overlays", "diff", "--rev", "HEAD~1..HEAD", "-o", "json"]
        done = subprocess.run(words, cwd=after, capture_output=True, check=True)
        (row,) = json.loads(done.stdout)["changes"]
        if len(row["overlays"]) != len(list((after / "overlays").iterdir())):
            raise RuntimeError("diff tells of other overlays than those that changed")
    else:
        overlays = [path for tree in (before, after) for path in sorted((tree / "overlays").iterdir())]
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            list(pool.map(_build, overlays))
    return {"wall": time.monotonic() - start, "cpu": _spent() - spent}


def _spent() -> float:
    """The processor time, in seconds, of all processes that were started from here and have ended."""
    of_children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return of_children.ru_utime + of_children.ru_stime


def _build(overlay: Path) -> None:
    # As the command runs it, with this interpreter's packages for the function.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run([*KUSTOMIZE_BUILD, str(overlay)], env={**os.environ, "PATH": path}, capture_output=True, check=True)


if __name__ == "__main__":
    sys.exit(main())
