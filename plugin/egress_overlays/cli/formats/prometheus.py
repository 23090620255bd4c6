"""Gauges in the text format of Prometheus, for a node exporter's textfile collector: what usage says of groups.

No counters: a log of several pods that is rotated, or ends with its pod, takes a part of each count away, and
Prometheus would take what is left for new connections.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ..console import Failure
from . import escaping

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..report import Report
    from .view import View

CONNECTIONS = "egress_overlays_connections"
WINDOW = "egress_overlays_log_{}_connection_timestamp_seconds"
_LABELS = {"set": "set", "list": "configMap", "group": "group"}
DECISIONS = ("allowed", "refused", "reported", "direct")


def write(report: Report, _view: View) -> str:
    """A gauge a group and decision, and the times of the first and the last connection in the log."""
    if "groups" not in report.data:
        raise Failure(f"{report.command} counts no connections: usage has the format prometheus")
    return "".join(f"{line}\n" for line in _lines(report.data))


def _lines(data: dict[str, Any]) -> Iterator[str]:
    yield f"# HELP {CONNECTIONS} Connections in the log: which list and group hold the name, and what came of it."
    yield f"# TYPE {CONNECTIONS} gauge"
    for one in data["groups"]:
        labels = "".join(f'{name}="{escaping.label(one[key])}",' for name, key in _LABELS.items())
        for decision in DECISIONS:
            yield f'{CONNECTIONS}{{{labels}decision="{decision}"}} {one[decision]}'
    for end in ("first", "last"):
        at = data["window"][end]
        if at:
            name = WINDOW.format(end)
            yield f"# HELP {name} When the {end} connection of the log began."
            yield f"# TYPE {name} gauge"
            yield f"{name} {datetime.fromisoformat(at).timestamp():.3f}"
