"""Measures what the packages cost at the function's start, against an earlier revision: `make bench-start`.

Both revisions stand side by side with the same virtual environment and warm bytecode, and run in turn. `nothing` is the
executable without anything of ours: how quick the machine is just now. `packages` loads four packages, with what they
load themselves. `import` loads what the function needs before it reads its input; `run` is the whole function over
base/ with ten names. What counts is CPU time, and of each round the difference: the median of all rounds. Results:
bench/results/start.json and .md.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import statistics
import subprocess
import tarfile
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from . import workloads
from .kept import keep
from .measure import Job, Meter, alternate
from .workloads import CHECKOUT

BEFORE, NOW = "before", "now"
FLAT = "7cc0b00"  # the last revision without packages
PACKAGES = (".function", ".injection", ".lists", ".manifest")  # of those on its way, which 7cc0b00 had not


def lay_out(name: str, revision: str, scratch: Path) -> Path:
    """The plugin of `revision` ("" for the checkout as it stands) in a directory that shares this one's .venv."""
    into = scratch / name
    into.mkdir()
    if revision:
        packed = subprocess.run(["git", "archive", revision, "plugin"], cwd=CHECKOUT, capture_output=True, check=True)
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as files:
            files.extractall(into, filter="data")
    else:
        shutil.copytree(CHECKOUT / "plugin", into / "plugin", ignore=shutil.ignore_patterns("__pycache__"))
    (into / ".venv").symlink_to(CHECKOUT / ".venv")
    return into


def start(tree: Path, name: str, *modules: str) -> Job:
    """The function's executable in `tree`, which loads `modules` of the package and ends."""
    launcher, found, _ = (tree / "plugin/egress-overlays").read_text().partition("from egress_overlays.__main__")
    if not found:
        raise SystemExit("bench: the launcher does not end with the import of egress_overlays.__main__")
    program = tree / "plugin" / name
    imports = "".join(f"import egress_overlays{it}\n" for it in modules)
    program.write_text(f"{launcher}import posix\n{imports}posix._exit(0)\n")
    program.chmod(0o755)
    return Job((str(program),), tree)


def measured(revision: str, rounds: int, scratch: Path) -> dict[str, dict[str, Any]]:
    """CPU milliseconds of both, and of their differences: the median, and the runs."""
    trees = {BEFORE: lay_out(BEFORE, revision, scratch), NOW: lay_out(NOW, "", scratch)}
    fed = workloads.capture("fed", partial(workloads.write_overlay, workloads.DOMAINS[0]), scratch)
    flat = not (trees[BEFORE] / "plugin/egress_overlays/function").is_dir()
    now, before = trees[NOW], trees[BEFORE]
    jobs = {
        "nothing": {BEFORE: start(before, "nothing"), NOW: start(now, "nothing")},
        f"{len(PACKAGES)} packages": {BEFORE: start(now, "bare", ""), NOW: start(now, "packages", "", *PACKAGES)},
        "import": {
            BEFORE: start(before, "import", ".__main__", ".krm" if flat else ".function.krm"),
            NOW: start(now, "import", ".__main__", ".function.krm"),
        },
        "run": {name: Job((str(tree / "plugin/egress-overlays"),), tree, fed) for name, tree in trees.items()},
    }
    meter = Meter()
    found = {}
    for what, pair in jobs.items():
        done = alternate(meter, pair, rounds, scratch / "out")
        runs = {name: [run.cpu * 1000 for run in each] for name, each in done.items()}
        more = [now - before for before, now in zip(runs[BEFORE], runs[NOW], strict=True)]
        found[what] = {
            **{name: statistics.median(each) for name, each in runs.items()},
            "more": statistics.median(more),
            "runs": runs,
        }
    meter.close()
    return found


def table(found: dict[str, dict[str, Any]], revision: str, rounds: int) -> str:
    """The figures in Markdown."""
    load = os.getloadavg()[0]
    lines = [
        f"CPU ms, medians of {rounds} rounds in turn; load at the end: {load:.1f}.",
        "",
        f"| what | {revision} | now | more |",
        "|---|--:|--:|--:|",
    ]
    lines += [f"| {what} | {it[BEFORE]:.1f} | {it[NOW]:.1f} | {it['more']:.2f} |" for what, it in found.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, write the results and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", default=FLAT, metavar="REVISION", help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=301)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = measured(options.before, options.rounds, Path(scratch))
    said = table(found, options.before, options.rounds)
    keep("start", found, said)


if __name__ == "__main__":
    main()
