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

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTED = ("*.wikipedia.org", "pypi.org", "cdn.example.com", "fresh.example.net")
ASKED = ("pypi.org", "en.wikipedia.org", "cdn.example.com", "de.wikipedia.org")
LIMIT = 1 << 30  # bytes: what base/deployment.yaml lets the gateway have


def manifests(directory: Path, components: tuple[str, ...] = (), clients: str = "") -> list[dict[str, Any]]:
    given = os.environ.get("EGRESS_OVERLAYS_ATTACKED")
    if given and not components:
        return [one for one in yaml.safe_load_all(Path(given).read_text()) if one]
    return build(overlay(directory, components, LISTED, clients))


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
    with Others(running, "good/a", ASKED) as others:
        flooding = threading.Thread(target=floods.run, args=(flood, running.port, certificate, label, count))
        flooding.start()
        while flooding.is_alive():
            running.peak = max(running.peak, running.memory())
            time.sleep(0.2)
        time.sleep(2)
    return others


def holds(running: Gateway, others: Others) -> None:
    assert others.answered >= 0.99, f"{others.answered:.1%} of {len(others.results)} requests were answered"
    assert running.peak < LIMIT, f"{running.peak >> 20} MiB"


def test_names_whose_dns_server_is_silent(attacked: Gateway) -> None:
    others = during(attacked, floods.at_once, SILENT, 2400)
    assert len(attacked.dns.asked[SILENT]) > 1100, "too few got through for an attack: try a machine with less to do"
    holds(attacked, others)


def test_names_that_do_not_exist(attacked: Gateway) -> None:
    others = during(attacked, floods.one_by_one, MISSING, 10_400)
    assert len(attacked.dns.asked[MISSING]) > 10_000
    holds(attacked, others)
    # One that nobody has asked for yet needs a place in the cache.
    tls = context(attacked.certificate("good/a"))
    assert ask(attacked.port, tls, "fresh.example.net")[0]
    assert ask(attacked.port, tls, "fresh.wikipedia.org")[0]


def test_connections_without_a_certificate(attacked: Gateway) -> None:
    others = during(attacked, floods.half_open, "x", 16_000)
    holds(attacked, others)
    per_connection = (attacked.peak - attacked.before) / 16_000
    assert per_connection < 20_000, f"{per_connection / 1024:.0f} KiB for each"
    assert attacked.connections() < 100, "they are let go before their attacker lets them go"
