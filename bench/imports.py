"""`python -m bench.imports [--names N]`: seconds of CPU that `import` takes for N names in each format."""

from __future__ import annotations

import argparse
import sys
import time

from egress_overlays import Source, import_lists
from egress_overlays.foreign.config_maps import config_maps

from .foreign_lists import SAMPLES

_RUNS = 3


def main() -> None:
    """Print a row for each format: the best of three runs for N names and for a tenth of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=10_000, help="how many (default: 10000)")
    parser.add_argument("--format", default="", choices=["", *SAMPLES], help="one format alone")
    arguments = parser.parse_args()
    few = max(arguments.names // 10, 1)
    sys.stdout.write(f"| format | {few} names, s | {arguments.names} names, s | times as long |\n|---|---|---|---|\n")
    for name in [arguments.format] if arguments.format else SAMPLES:
        short, long = (_seconds(name, count) for count in (few, arguments.names))
        sys.stdout.write(f"| {name} | {short:.3f} | {long:.3f} | {long / short:.1f} |\n")
        sys.stdout.flush()


def _seconds(name: str, count: int) -> float:
    """The best time; the names are exact ones and wildcards in turn."""
    names = [f"{'*.' if number % 2 else ''}n{number}.example.com" for number in range(count)]
    file, text = SAMPLES[name](names)
    source, best = text.encode(), float("inf")
    for _ in range(_RUNS):
        start = time.process_time()
        found = import_lists([Source(file, source)])
        for one in config_maps(found):
            one.yaml()
        best = min(best, time.process_time() - start)
    if not found.groups:
        raise SystemExit(f"{name}: nothing was carried over: {found.nothing} {found.notes[:3]}")
    return best


if __name__ == "__main__":
    main()
