"""Mutates YAML and holds the project's readers against those of kubectl, the API server and Kustomize: `make fuzz`.

Each document is made of the seed and its number alone. What the project accepts, the others must read alike; where they
differ, it must refuse. A document that breaks this is minimised and kept in a file, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from multiprocessing import Pool
from pathlib import Path
from random import Random
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))

import odd_yaml  # noqa: E402 - found by the line above
import readers  # noqa: E402

BATCH = 500
KINDS = ("refused", "read alike", "read alike, where PyYAML or ruamel.yaml differ", "DIFFERS")


class Batch(NamedTuple):
    """Some documents in a row: how many became what, and those that differ with what they differ in."""

    counts: Counter[str]
    found: list[tuple[str, str]]


def judged(batch: tuple[str, int]) -> Batch:
    """The documents of one seed from a number on."""
    seed, first = batch
    counts: Counter[str] = Counter()
    found = []
    with readers.Go() as go:
        for number in range(first, first + BATCH):
            text = odd_yaml.document(Random(f"{seed}/{number}"))  # noqa: S311 - no secret
            try:
                differing = readers.differences(text, go)
            except Exception as fault:  # noqa: BLE001 - a fault of ours is what is looked for
                differing = [f"raises {type(fault).__name__}: {fault}"]
            if differing:
                found.append((text, differing[0]))
                counts["DIFFERS"] += 1
            else:
                counts[_kind(text)] += 1
    return Batch(counts, found)


def _kind(text: str) -> str:
    ours = readers.ours(text)
    if ours is None:
        return "refused"
    others = readers.by_others(text)
    return KINDS[1 if all(one == ours for one in others) else 2]


def minimised(text: str, said: str) -> str:
    """A shorter document that differs in the same way."""
    with readers.Go() as go:

        def still(shorter: str) -> bool:
            try:
                return any(one[:20] == said[:20] for one in readers.differences(shorter, go))
            except Exception as fault:  # noqa: BLE001 - as above
                return f"raises {type(fault).__name__}: {fault}"[:20] == said[:20]

        for separator in ("\n", ""):
            parts = text.split("\n") if separator else list(text)
            size = max(1, len(parts) // 2)
            while size:
                at = 0
                while at < len(parts):
                    shorter = separator.join(parts[:at] + parts[at + size :])
                    if still(shorter):
                        parts = parts[:at] + parts[at + size :]
                    else:
                        at += size
                size //= 2
            text = separator.join(parts)
    return text


def main() -> int:
    """Fuzz until the time or the count is over; 1 where something differs."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="how long (default 10)")
    parser.add_argument("--count", type=int, default=0, help="this many documents, however long it takes")
    parser.add_argument("--seed", default="", help="what the documents are made of (default: the time)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default 1)")
    parser.add_argument("--into", type=Path, default=ROOT / ".venv/fuzz", help="where failing documents are kept")
    parser.add_argument("--write", action="store_true", help="write bench/results/fuzz.md")
    arguments = parser.parse_args()
    seed = arguments.seed or str(int(time.time()))
    print(f"seed {seed}", flush=True)
    started = time.monotonic()
    end = started + 60 * arguments.minutes
    counts: Counter[str] = Counter()
    found: dict[str, str] = {}
    batches = (
        (seed, first)
        for first in range(0, arguments.count or sys.maxsize, BATCH)
        if arguments.count or time.monotonic() < end
    )
    with Pool(arguments.jobs) as pool:
        # In rounds, so that what is made ahead never goes far beyond the end.
        while batch := [one for _, one in zip(range(arguments.jobs * 4), batches, strict=False)]:
            for one in pool.imap_unordered(judged, batch):
                counts.update(one.counts)
                for text, said in one.found:
                    if said[:20] not in {known[:20] for known in found.values()} or len(found) < 20:
                        found[text] = said
            if not arguments.count and time.monotonic() >= end:
                break
    for number, (text, said) in enumerate(found.items()):
        arguments.into.mkdir(parents=True, exist_ok=True)
        file = arguments.into / f"{seed}-{number}.yaml"
        file.write_text(minimised(text, said), encoding="utf-8", errors="surrogatepass", newline="")
        print(f"{file}: {said}")
    report = _report(counts, seed, time.monotonic() - started)
    sys.stdout.write(report)
    if arguments.write:
        (ROOT / "bench/results/fuzz.md").write_text(report)
    return int(bool(found))


def _report(counts: Counter[str], seed: str, seconds: float) -> str:
    rows = "".join(f"| {kind} | {counts[kind]:,} |\n" for kind in KINDS)
    return (
        f"{counts.total():,} documents of seed {seed} in {seconds / 60:.0f} min: {counts['DIFFERS']:,} differ.\n\n"
        f"| a document | count |\n|---|--:|\n{rows}"
    )


if __name__ == "__main__":
    sys.exit(main())
