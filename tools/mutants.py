"""Changes rendered gateways, one field at a time, and asks `verify` of each: bench/results/mutants.md.

A mutant is a field or an item removed, changed or inserted in an object that reaches the gateway. One that changes
what Envoy is told or a NetworkPolicy and that `verify` lets pass must differ in free fields alone (istiod/free.py), or
is run in a real Envoy, where nothing may be reached that the gateway before did not let through. Exit code 1: one
opens something, or cannot be shown not to. Needs kustomize on PATH.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import combinations
from multiprocessing import Pool
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/support"))

import builds
from egress_overlays.istiod.configuration import model
from egress_overlays.istiod.errors import ProbeError
from egress_overlays.istiod.free import FREE
from egress_overlays.istiod.gateway import workloads
from egress_overlays.manifest.findings import ERROR
from egress_overlays.manifest.resource import Resource
from egress_overlays.probe import REFUSED, probe
from egress_overlays.rendered.locations import Location
from egress_overlays.rendered.rendered import Rendered
from egress_overlays.review.verification import verify
from mutation import Mutant, changed, mutants, title, tree

if TYPE_CHECKING:
    from collections.abc import Mapping

Message = dict[str, Any]
KEPT = Path(__file__).resolve().parent.parent / "bench/results/mutants.json"
ROOT = builds.ROOT
CLOSED = ("does not start", "no Gateway", "no gateway", "selects no")
"""What ProbeError says where nothing forwards: without the EnvoyFilter the route of base/ leads to dummy.local."""
GONE, SAME = "no gateway is left", "Envoy is told the same"
CAUGHT, FREED, SHUT, OPENS = "an error of verify", "passes: free fields alone", "passes: shut in Envoy", "OPENS"
INVALID = "a NetworkPolicy that no API server takes"


class Anywhere:
    """Locations that nobody asks for."""

    def of(self, *_: object) -> Location:
        """No place."""
        return Location("mutant")

    entry = of


def told(resources: list[Message], left_out: frozenset[str] = frozenset()) -> str:
    """What Envoy and the kernel would be told, without the fields `left_out`; "" where no gateway is left."""
    try:
        found = [model(resources, one) for one in workloads(resources)]
    except ProbeError:
        return ""
    parts = [(one.listeners, one.clusters, [part.reason for part in one.unknown]) for one in found]
    policies = [one.get("spec") for one in resources if one["kind"] == "NetworkPolicy"]
    return json.dumps([_without(parts, left_out), policies], sort_keys=True, default=str)


def _without(node: Any, left_out: frozenset[str]) -> Any:
    if isinstance(node, dict):
        return {key: _without(value, left_out) for key, value in node.items() if key not in left_out}
    return [_without(one, left_out) for one in node] if isinstance(node, (list, tuple)) else node


@cache
def before(name: str) -> tuple[str, str]:
    """What the unchanged tree tells, with and without what is free."""
    return told(tree(name)), told(tree(name), frozenset(FREE))


def judged(mutant: Mutant) -> tuple[Mutant, str, str]:
    """(mutant, what becomes of it, what tells its gateway apart); "" where a real Envoy must say."""
    resources = changed(mutant)
    now = told(resources)
    if not now or now == before(mutant.tree)[0]:
        return mutant, SAME if now else GONE, now
    reported = verify(Rendered("mutant", [Resource(one) for one in resources], (), Anywhere()))
    if any(one.finding.severity == ERROR for one in reported):
        return mutant, CAUGHT, now
    if told(resources, frozenset(FREE)) == before(mutant.tree)[1]:
        return mutant, FREED, now
    return mutant, "", now


def reached(resources: list[Message], envoy: Path) -> set[str]:
    """What gets through in a real Envoy, or was tried; raises ProbeError."""
    return {one.case.label for one in probe(resources, binary=envoy).results if one.outcome != REFUSED}


def in_envoy(mutant: Mutant, envoy: Path, allowed: set[str]) -> tuple[str, str]:
    """(what becomes of it, why)."""
    try:
        more = reached(changed(mutant), envoy) - allowed
    except ProbeError as fault:
        return (SHUT if any(one in str(fault) for one in CLOSED) else OPENS), f"not shown: {fault}"
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        is_policy = tree(mutant.tree)[mutant.number]["kind"] == "NetworkPolicy"
        return (INVALID if is_policy else OPENS), f"not shown: {fault!r}"
    return (OPENS, ", ".join(sorted(more))) if more else (SHUT, "")


def of_tree(name: str, envoy: Path, pool: Any, sample: int) -> dict[str, Any]:
    """What becomes of the mutants of one tree: how many of what, how many ran in Envoy, and what opens something."""
    everyone = list(mutants(name))
    if sample:
        everyone = random.Random(15).sample(everyone, min(sample, len(everyone)))  # noqa: S311 - no secret
    found = list(pool.imap(judged, everyone, chunksize=50))
    counts = Counter(become for _, become, _ in found if become)
    distinct = {now: mutant for mutant, become, now in reversed(found) if not become}
    allowed = reached(tree(name), envoy) if distinct else set()
    with ThreadPool(6) as runs:
        tried = runs.map(lambda one: in_envoy(one, envoy, allowed), distinct.values())
    shown = dict(zip(distinct, tried, strict=True))
    counts.update(shown[now][0] for _, become, now in found if not become)
    opened = [f"{title(distinct[now])}: lets out {why}" for now, (become, why) in shown.items() if become == OPENS]
    return {"counts": dict(counts), "runs": len(shown), "opened": opened}


def main() -> int:
    """Judge them all, or a sample of each tree that is always the same; 1 where one opens something."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=0, help="this many of each tree (default: every one)")
    parser.add_argument("--pairs", action="store_true", help="every two components together, too")
    parser.add_argument("--write", action="store_true", help="keep the figures in bench/results/mutants.json and .md")
    parser.add_argument("trees", nargs="*", help="overlays, or components parted by commas")
    arguments = parser.parse_args()
    names = arguments.trees or ["overlays/dev", "overlays/staging", "overlays/prod", *builds.COMPONENTS]
    if arguments.pairs:
        names += [",".join(pair) for pair in combinations(builds.COMPONENTS, 2)]
    done = subprocess.run([sys.executable, ROOT / "tools/components.py", "envoy"], capture_output=True, check=True)
    envoy = Path(json.loads(done.stdout)["envoy"])
    found: dict[str, dict[str, Any]] = {}
    kept: dict[str, dict[str, Any]] = json.loads(KEPT.read_text()) if arguments.write and KEPT.exists() else {}
    with Pool() as pool:
        for name in names:
            kept[name] = found[name] = {**of_tree(name, envoy, pool, arguments.sample), "sample": arguments.sample}
            print(f"{name}: {found[name]}", file=sys.stderr, flush=True)
            if arguments.write:  # after each, for a run of hours
                KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
                KEPT.with_suffix(".md").write_text(report(kept))
    sys.stdout.write(report(found))
    return int(any(one["opened"] for one in found.values()))


def report(found: dict[str, dict[str, Any]]) -> str:
    """The figures as Markdown: of all trees, and of each."""
    counts: Counter[str] = Counter()
    for one in found.values():
        counts.update(one["counts"])
    opened = [line for one in found.values() for line in one["opened"]]
    rows = "".join(f"| {what} | {count:,} |\n" for what, count in counts.most_common())
    trees = "".join(
        f"| {name.replace(',', ', ')}{' (a sample)' * bool(one['sample'])} | {sum(one['counts'].values()):,} | "
        f"{_telling(one['counts']):,} | {_share(one['counts'])} | {one['runs']} | {len(one['opened'])} |\n"
        for name, one in sorted(found.items(), key=lambda pair: (pair[0].count(","), pair[0]))
    )
    of_trees = f"{len(found)} tree{'s' * (len(found) > 1)}"
    return (
        f"{counts.total():,} mutants of {of_trees}; {_telling(counts):,} tell Envoy or the "
        f"kernel something else, and `verify` refuses {_share(counts)} % of these.\n"
        f"{sum(one['runs'] for one in found.values()):,} gateways of the others were run in a real Envoy; "
        f"{len(opened)} open.\n\n| a mutant | count |\n|---|---:|\n{rows}\n"
        "| tree | mutants | tell something else | refused, % | run in Envoy | open |\n|---|--:|--:|--:|--:|--:|\n"
        f"{trees}" + "".join(f"\n- {one}" for one in opened)
    )


def _telling(counts: Mapping[str, int]) -> int:
    return sum(counts.values()) - counts.get(SAME, 0) - counts.get(GONE, 0)


def _share(counts: Mapping[str, int]) -> str:
    telling = _telling(counts)
    return f"{100 * counts.get(CAUGHT, 0) / telling:.1f}" if telling else "100"


if __name__ == "__main__":
    sys.exit(main())
