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
    before, started = running.metrics(), time.monotonic()
    with contextlib.ExitStack() as stack:
        others = stack.enter_context(Others(running, "good/a", ASKED))
        quiet = stack.enter_context(Others(beside, "good/a", ASKED, rate=20)) if beside else None
        flooding = threading.Thread(target=floods.run, args=(flood, running.port, certificate, label, count))
        flooding.start()
        while flooding.is_alive():
            running.peak = max(running.peak, running.memory())
            running.most = max(running.most, running.connections())
            time.sleep(0.2)
        running.rates = rates(before, running.metrics(), time.monotonic() - started)
        time.sleep(2)
    running.noise = quiet.slowest if quiet else 0.0
    return others


def rates(before: list[Series], after: list[Series], seconds: float) -> dict[str, float]:
    """By the name of each alert, what its first selector counted a second, between two looks at the metrics."""
    asked = {name: query for name, query in queries().items() if name.startswith("Egress")}
    return {name: (total(after, query) - total(before, query)) / seconds for name, query in asked.items()}


def fires(running: Gateway, alert: str, times: float = 1.0) -> None:
    """Whether what was seen during the attack is above the threshold of an alert of components/monitoring.

    `times`: how often as much a second an attacker asks who goes on, where a flood gathers first.
    """
    if "EGRESS_OVERLAYS_ATTACKED" in os.environ:
        return  # it may not have the component
    threshold = float(queries()[alert].rpartition(">")[2])
    assert times * running.rates[alert] > threshold, f"{alert}: {running.rates}"


def holds(running: Gateway, others: Others) -> None:
    """What is promised to the others, and of the memory."""
    assert others.answered >= 0.99, f"{others.answered:.1%} of {len(others.results)} requests were answered"
    slow = f"{others.slowest:.2f} s, and {running.noise:.2f} s at a gateway that nobody attacks"
    assert others.slowest <= SLOWEST + running.noise, slow
    assert running.peak < LIMIT, f"{running.peak >> 20} MiB"
