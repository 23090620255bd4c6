"""A gateway of base/ under attack: what is listed, what others get meanwhile, and what is asked of it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import floods
import quick_yaml as yaml
from attacked import Gateway, Others, ask, context, gateway
from builds import build, overlay
from egress_overlays.probe import envoy
from metrics import queries, total

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics import Series

LISTED = ("*.wikipedia.org", "pypi.org", "cdn.example.com", "fresh.example.net")
ASKED = ("pypi.org", "en.wikipedia.org", "cdn.example.com", "de.wikipedia.org")
LIMIT = 1 << 30  # bytes: what base/deployment.yaml lets the gateway have
SLOWEST = 1.0  # seconds
NOISE = 0.1
"""Seconds. Where a gateway beside that nobody attacks has a slower answer, it is the machine: that is added."""
PENDING = 256
"""As many queries at once are an attack: a quarter of what Envoy lets be open. A busy machine makes no more."""


def manifests(directory: Path, components: tuple[str, ...] = (), clients: str = "") -> list[dict[str, Any]]:
    """Those of base/, or of EGRESS_OVERLAYS_ATTACKED."""
    given = os.environ.get("EGRESS_OVERLAYS_ATTACKED")
    if given and not components:
        return [one for one in yaml.safe_load_all(Path(given).read_text()) if one]
    return build(overlay(directory, ("monitoring", *components), LISTED, clients))


@contextlib.contextmanager
def ready(resources: list[dict[str, Any]]) -> Iterator[Gateway]:
    """The gateway, which knows the names that others ask for."""
    with gateway(resources, envoy.find()) as running:
        tls = context(running.certificate("good/a"))
        assert all(ask(running.port, tls, name)[0] for name in ASKED)
        yield running


def during(running: Gateway, flood: Any, label: str, count: int, *, beside: Gateway | None = None) -> Others:
    """What others get from now until 2 s after the flood.

    `beside`: a gateway on the same machine that is not attacked. What is slow there is the machine; `running.noise` has
    the slowest answer.
    """
    certificate = running.certificate("attacker/a")
    before = running.metrics()
    with contextlib.ExitStack() as stack:
        others = stack.enter_context(Others(running, "good/a", ASKED))
        quiet = stack.enter_context(Others(beside, "good/a", ASKED, rate=20)) if beside else None
        flooding = threading.Thread(target=floods.run, args=(flood, running.port, certificate, label, count))
        flooding.start()
        while flooding.is_alive():
            running.peak = max(running.peak, running.memory())
            running.most = max(running.most, running.connections())
            time.sleep(0.2)
        running.counted = counted(before, running.metrics())
        time.sleep(2)
    running.noise = quiet.slowest if quiet else 0.0
    return others


def counted(before: list[Series], after: list[Series]) -> dict[str, float]:
    """By the name of each alert, what its first selector counted between two looks at the metrics."""
    asked = {name: query for name, query in queries().items() if name.startswith("Egress")}
    return {name: total(after, query) - total(before, query) for name, query in asked.items()}


def fires(running: Gateway, alert: str, within: float = 60.0) -> None:
    """Whether as much as was counted during the attack fires an alert of components/monitoring.

    It is taken to come `within` seconds, the minute that the alerts look back over, or 1 where one counts what came in
    all: how long this machine needs for an attack says nothing. When each fires: tests/probe/test_alerts.py.
    """
    if "EGRESS_OVERLAYS_ATTACKED" in os.environ:
        return  # it may not have the component
    threshold = float(queries()[alert].rpartition(">")[2])
    assert running.counted[alert] / within > threshold, f"{alert}: {running.counted}"


def holds(running: Gateway, others: Others) -> None:
    """What is promised to the others, and of the memory."""
    assert others.answered >= 0.99, f"{others.answered:.1%} of {len(others.results)} requests were answered"
    slow = f"{others.slowest:.2f} s, and {running.noise:.2f} s at a gateway that nobody attacks"
    assert others.slowest <= SLOWEST + (running.noise if running.noise > NOISE else 0), slow
    assert running.peak < LIMIT, f"{running.peak >> 20} MiB"
