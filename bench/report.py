"""The results as a table of ratios, in docs/performance.md and on the terminal, and as a plot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import workloads
from .contenders import CAT, GO, OURS

PERFORMANCE = workloads.CHECKOUT / "docs" / "performance.md"
PLOT = Path(__file__).with_name("results") / "function-alone.svg"
BEGIN, END = "<!-- written by make bench -->", "<!-- end -->"

TITLES = {workload.name: workload.title for workload in (*workloads.ALL, *workloads.GOVERNED)}

# Part, workload, quantity, peer, bound: where the project promises something (issue 7).
BOUNDS = [
    ("function", "100-domains-0-resources", "wall", GO, 2.0),
    ("function", "100-domains-1000-resources", "wall", GO, 0.25),
    ("function", "100-domains-5000-resources", "wall", GO, 0.2),
    ("function", "10000-domains-0-resources", "wall", GO, 1.5),
    ("function", "100-domains-0-resources-governed", "wall", GO, 2.0),
    ("function", "10000-domains-0-resources-governed", "wall", GO, 1.5),
    ("function", "100-domains-1000-resources", "memory", GO, 0.5),
    ("function", "100-domains-5000-resources", "memory", GO, 0.5),
    ("build", "100-domains-0-resources", "wall", GO, 1.05),
    ("build", "100-domains-0-resources", "wall", CAT, 1.10),
    ("build", "100-domains-1000-resources", "wall", GO, 1.05),
    ("build", "100-domains-1000-resources", "wall", CAT, 1.10),
]


def write(results: dict[str, Any]) -> None:
    """Put the table into docs/performance.md, between its marks, and draw the plot."""
    before, _, rest = PERFORMANCE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    PERFORMANCE.write_text(f"{before}{BEGIN}\n\n{text(results)}\n{END}{after}")
    if "function" in results:
        from .plot import draw

        PLOT.write_text(draw(results["function"]))


def text(results: dict[str, Any]) -> str:
    """Everything in Markdown."""
    machine = results["machine"]
    about = (
        f"{machine['system']} {machine['machine']}, {machine['processors']} processors, Python {machine['python']}, "
        f"kustomize {machine['kustomize']}, revision {machine['revision']}; load when it began: {machine['load']}. "
        f"The meter sees no peak below its own {results['memory floor']:.0f} MiB.\n"
    )
    parts = [about, _bounds(results)]
    if "start" in results:
        parts.append("### Start\n\n" + _table({"start": results["start"]}, GO + ", no items"))
    if "function" in results:
        parts.append("### Function alone\n\n" + _table(results["function"], GO))
    if "build" in results:
        parts.append("### Whole build\n\n" + _table(results["build"], GO))
    return "\n".join(parts)


def _bounds(results: dict[str, Any]) -> str:
    lines = ["| bound | at most | measured | holds |", "|---|---|---|---|"]
    for part, workload, what, peer, bound in BOUNDS:
        summaries = results.get(part, {}).get(workload)
        if summaries:
            ratio = _ratio(summaries, OURS, peer, what)
            where = "function alone" if part == "function" else "whole build"
            holds = "yes" if ratio <= bound else "**no**"
            lines.append(
                f"| {where}, {TITLES[workload]}: {what} against {peer} | {bound:.2f} | {ratio:.2f} | {holds} |"
            )
    return "\n".join(lines) + "\n"


def _ratio(summaries: dict[str, Any], one: str, other: str, what: str) -> float:
    return float(summaries[one][what]["median"] / summaries[other][what]["median"])


def _table(by_workload: dict[str, Any], base: str) -> str:
    head = [
        "workload",
        "peer",
        "wall ms: median [quartiles]",
        f"to {base}",
        "CPU ms",
        f"to {base}",
        "peak MiB",
        f"to {base}",
        "runs",
    ]
    lines = [_row(head), "|---|---|" + "--:|" * (len(head) - 2)]
    for workload, summaries in by_workload.items():
        for name, found in summaries.items():
            low, high = map(_milliseconds, found["wall"]["quartiles"])
            wall, cpu, memory = (_ratio(summaries, name, base, what) for what in ("wall", "cpu", "memory"))
            cells = [TITLES.get(workload, workload), name]
            cells += [f"{_milliseconds(found['wall']['median'])} [{low}, {high}]", f"{wall:.2f}"]
            cells += [_milliseconds(found["cpu"]["median"]), f"{cpu:.2f}"]
            cells += [f"{found['memory']['median']:.0f}", f"{memory:.2f}", str(found["runs"])]
            lines.append(_row(cells))
    return "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f}" if seconds < 0.1 else f"{seconds * 1000:,.0f}"
