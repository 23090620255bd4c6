"""Ways to stop a gateway's egress, each tried against a real Envoy while others go on: `make attacks`.

EGRESS_OVERLAYS_ATTACKED names a file of rendered manifests to attack instead, an older gateway's for example.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import floods
import quick_yaml as yaml
from attacked import MISSING, SILENT, Gateway, Others, ask, context, gateway
from builds import build, overlay
from egress_overlays.probe import envoy
from metrics import queries, total

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics import Series

LISTED = ("*.wikipedia.org", "pypi.org", "cdn.example.com", "fresh.example.net")
ASKED = ("pypi.org", "en.wikipedia.org", "cdn.example.com", "de.wikipedia.org")
NUMBER = "24576"
LIMIT = 1 << 30  # bytes: what base/deployment.yaml lets the gateway have


def manifests(directory: Path, components: tuple[str, ...] = (), clients: str = "") -> list[dict[str, Any]]:
    given = os.environ.get("EGRESS_OVERLAYS_ATTACKED")
    if given and not components:
        return [one for one in yaml.safe_load_all(Path(given).read_text()) if one]
    return build(overlay(directory, ("monitoring", *components), LISTED, clients))


@pytest.fixture
def attacked(tmp_path: Path) -> Iterator[Gateway]:
    """The gateway, which knows the names that others ask for."""
    with gateway(manifests(tmp_path), envoy.find()) as running:
        tls = context(running.certificate("good/a"))
        assert all(ask(running.port, tls, name)[0] for name in ASKED)
        yield running


def during(running: Gateway, flood: Any, label: str, count: int, *, client: str = "attacker/a") -> Others:
    """What others get from now until 2 s after the flood."""
    certificate = running.certificate(client)
    before, started = running.metrics(), time.monotonic()
    with Others(running, "good/a", ASKED) as others:
        flooding = threading.Thread(target=floods.run, args=(flood, running.port, certificate, label, count))
        flooding.start()
        while flooding.is_alive():
            running.peak = max(running.peak, running.memory())
            running.most = max(running.most, running.connections())
            time.sleep(0.2)
        running.rates = rates(before, running.metrics(), time.monotonic() - started)
        time.sleep(2)
    return others


def rates(before: list[Series], after: list[Series], seconds: float) -> dict[str, float]:
    """By the name of each alert, what its first selector counted a second, between two looks at the metrics."""
    asked = {name: query for name, query in queries().items() if name.startswith("Egress")}
    return {name: (total(after, query) - total(before, query)) / seconds for name, query in asked.items()}


def fires(running: Gateway, alert: str) -> None:
    """Whether what was seen during the attack is above the threshold of an alert of components/monitoring."""
    if "EGRESS_OVERLAYS_ATTACKED" in os.environ:
        return  # it may not have the component
    threshold = float(queries()[alert].rpartition(">")[2])
    assert running.rates[alert] > threshold, f"{alert}: {running.rates}"


def holds(running: Gateway, others: Others) -> None:
    assert others.answered >= 0.99, f"{others.answered:.1%} of {len(others.results)} requests were answered"
    assert running.peak < LIMIT, f"{running.peak >> 20} MiB"


def test_names_whose_dns_server_is_silent(attacked: Gateway) -> None:
    others = during(attacked, floods.at_once, SILENT, 2400)
    assert len(attacked.dns.asked[SILENT]) > 1100, "too few got through for an attack: try a machine with less to do"
    holds(attacked, others)
    fires(attacked, "EgressMadeUpNames")


def test_names_that_do_not_exist(attacked: Gateway) -> None:
    others = during(attacked, floods.one_by_one, MISSING, 10_400)
    assert len(attacked.dns.asked[MISSING]) > 10_000
    holds(attacked, others)
    fires(attacked, "EgressMadeUpNames")
    # One that nobody has asked for yet needs a place in the cache.
    tls = context(attacked.certificate("good/a"))
    assert ask(attacked.port, tls, "fresh.example.net")[0]
    assert ask(attacked.port, tls, "fresh.wikipedia.org")[0]


def test_connections_without_a_certificate(attacked: Gateway) -> None:
    others = during(attacked, floods.half_open, "x", 16_000)
    holds(attacked, others)
    per_connection = (attacked.peak - attacked.before) / 16_000
    assert per_connection < 20_000, f"{per_connection / 1024:.0f} KiB for each"
    fires(attacked, "EgressHandshakesFailing")
    assert attacked.connections() < 200, "they are let go before their attacker lets them go"


def test_more_connections_than_the_memory_holds(tmp_path: Path) -> None:
    """The Deployment's limit, a quarter of it: more than this machine may open does not fit in a test."""
    resources = manifests(tmp_path)
    (deployment,) = (one for one in resources if one["kind"] == "Deployment")
    annotations = deployment["spec"]["template"]["metadata"]["annotations"]
    assert NUMBER in annotations["proxy.istio.io/config"]
    annotations["proxy.istio.io/config"] = annotations["proxy.istio.io/config"].replace(NUMBER, str(int(NUMBER) // 4))
    with gateway(resources, envoy.find()) as running:
        others = during(running, floods.half_open, "x", 16_000)
        assert running.most < int(NUMBER) // 4 + 200
        assert running.peak - running.before < 20_000 * int(NUMBER) // 4
        fires(running, "EgressConnectionsRefused")
        # They are let go after 5 s, and whoever comes then is served.
        tls = context(running.certificate("good/a"))
        assert all(ask(running.port, tls, name)[0] for name in ASKED)
        assert [ok for _, ok, _ in others.results[-10:]] == [True] * 10
