"""A plot of medians as SVG: time over domains, and over unrelated resources, both axes logarithmic."""

from __future__ import annotations

from io import StringIO
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from . import workloads
from .contenders import CAT, GO, NAIVE, OURS


def draw(by_workload: dict[str, Any]) -> str:
    """The SVG text; two runs over the same figures give the same text."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    domains, resources = figure.subplots(1, 2, sharey=True)
    _lines(domains, by_workload, [(workload.domains, workload.name) for workload in workloads.DOMAINS])
    domains.set_xlabel("domains, in the base alone")
    domains.set_ylabel("function alone: wall time, ms (median, quartiles)")
    _lines(resources, by_workload, [(workload.resources, workload.name) for workload in workloads.RESOURCES])
    resources.set_xlabel("unrelated resources beside the base, 100 domains")
    resources.legend()
    out = StringIO()
    with mpl.rc_context({"svg.hashsalt": "egress-overlays", "svg.fonttype": "none"}):
        figure.savefig(out, format="svg", metadata={"Date": None})
    # No trailing blanks, which matplotlib writes and git complains about.
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _lines(axes: Any, by_workload: dict[str, Any], points: list[tuple[int, str]]) -> None:
    there = [(x, by_workload[name]) for x, name in points if name in by_workload]
    for peer in (OURS, GO, NAIVE, CAT):
        walls = [summaries[peer]["wall"] for _, summaries in there]
        middle = [wall["median"] * 1000 for wall in walls]
        spread = [
            [value - wall["quartiles"][0] * 1000 for value, wall in zip(middle, walls, strict=True)],
            [wall["quartiles"][1] * 1000 - value for value, wall in zip(middle, walls, strict=True)],
        ]
        axes.errorbar([x for x, _ in there], middle, yerr=spread, marker="o", markersize=4, capsize=2, label=peer)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(visible=True, which="major", alpha=0.3)
