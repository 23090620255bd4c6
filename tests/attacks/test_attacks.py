"""Ways to stop a gateway's egress, each tried against a real Envoy while others go on: `make attacks`.

EGRESS_OVERLAYS_ATTACKED names a file of rendered manifests to attack instead, an older gateway's for example. That each
attack succeeds where nothing is done against it: test_without_protection.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import floods
from attacked import MISSING, SILENT, Gateway, ask, context, gateway
from egress_overlays.probe import envoy
from under_attack import ASKED, PENDING, during, fires, holds, manifests, ready

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NUMBER = "24576"


@pytest.fixture
def attacked(tmp_path: Path) -> Iterator[Gateway]:
    with ready(manifests(tmp_path)) as running:
        yield running


@pytest.fixture
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that nobody attacks, by which the noise of the machine is told."""
    with ready(manifests(tmp_path_factory.mktemp("beside"))) as running:
        yield running


def test_names_whose_dns_server_is_silent(attacked: Gateway, beside: Gateway) -> None:
    others = during(attacked, floods.at_once, SILENT, 2400, beside=beside)
    asked = len(attacked.dns.asked[SILENT])
    assert asked > 1.2 * PENDING, "too few got through for an attack"
    holds(attacked, others)
    # One burst: both sides of the alert count each name, and as many as an idle machine makes fire it.
    counts = attacked.counted["EgressDnsFlooded"], attacked.counted["EgressMadeUpNames"]
    assert min(counts) > 0.9 * asked, (counts, asked)
    if asked > 1200:
        fires(attacked, "EgressDnsFlooded", within=1)


def test_names_that_do_not_exist(attacked: Gateway, beside: Gateway) -> None:
    others = during(attacked, floods.one_by_one, MISSING, 10_400, beside=beside)
    assert len(attacked.dns.asked[MISSING]) > 10_000
    holds(attacked, others)
    fires(attacked, "EgressMadeUpNames")
    fires(attacked, "EgressAddressRefused", within=1)  # to DNS it is an answer: one without an address
    # One that nobody has asked for yet needs a place in the cache.
    tls = context(attacked.certificate("good/a"))
    assert ask(attacked.port, tls, "fresh.example.net")[0]
    assert ask(attacked.port, tls, "fresh.wikipedia.org")[0]


def test_connections_without_a_certificate(attacked: Gateway, beside: Gateway) -> None:
    others = during(attacked, floods.half_open, "x", 16_000, beside=beside)
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
