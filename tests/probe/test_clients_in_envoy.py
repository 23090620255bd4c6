"""Lists for some clients, in real Envoy, with certificates of the test's own mesh."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from builds import ROOT, build, built_of
from egress_overlays.istiod.errors import ProbeError
from egress_overlays.lists.clients import Client
from egress_overlays.probe import REACHED, REFUSED, Report, probe
from in_envoy import standing

if TYPE_CHECKING:
    from pathlib import Path

# Minor versions of Envoy: 1.37 has the filter that notes an identity down, and not the object that it is noted as.
REFUSES_THE_LISTENER, KNOWS_CLIENTS = 37, 38
LISTS: dict[str, tuple[str, dict[str, str]]] = {
    "shared": ("pypi.org\nwww.bank.example.com\n", {}),
    "payments": ("api.stripe.com\n*.bank.example.com\n", {"clients": "payments\nshop/checkout\n"}),
    "blog": ("cdn.blog.example.com\n*.eu.bank.example.com\n", {"clients": "blog\n"}),
    "reports": ("*.reports.example.com\n", {"clients": "*/reporter\n"}),
}
NAMES = (
    "pypi.org",
    "www.bank.example.com",
    "api.stripe.com",
    "us.bank.example.com",
    "x.eu.bank.example.com",
    "cdn.blog.example.com",
    "a.reports.example.com",
    "not-on-the-list.example.com",
)


@pytest.fixture(scope="session")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return built_of(tmp_path_factory.mktemp("clients"), LISTS, ("client-lists",))


def _reached(report: Report) -> set[str]:
    return {result.case.label for result in report.results if result.outcome == REACHED}


@pytest.mark.parametrize(
    ("client", "allowed"),
    [
        ("payments/any", {"api.stripe.com", "us.bank.example.com", "x.eu.bank.example.com"}),
        ("shop/checkout", {"api.stripe.com", "us.bank.example.com", "x.eu.bank.example.com"}),
        ("shop/till", set()),
        ("blog/any", {"x.eu.bank.example.com", "cdn.blog.example.com"}),
        ("blog/reporter", {"x.eu.bank.example.com", "cdn.blog.example.com", "a.reports.example.com"}),
        ("other/any", set()),
    ],
)
def test_each_client_reaches_its_own_and_the_shared_names(
    client: str, allowed: set[str], manifests: list[dict[str, Any]], binary: Path, minor: int
) -> None:
    if minor == REFUSES_THE_LISTENER:
        with pytest.raises(ProbeError, match=r"lists for some clients need Envoy 1\.38 \(Istio 1\.30\)"):
            probe(manifests, hosts=NAMES, client=Client(client), binary=binary)
        return
    report = probe(manifests, hosts=NAMES, client=Client(client), binary=binary)
    expected = {"pypi.org", "www.bank.example.com", *allowed} if minor >= KNOWS_CLIENTS else set()
    assert _reached(report) == expected
    if minor >= KNOWS_CLIENTS:
        assert report.differing == []


@pytest.mark.long
def test_the_whole_probe_knows_clients(manifests: list[dict[str, Any]], binary: Path, minor: int) -> None:
    if minor == REFUSES_THE_LISTENER:
        return  # said for each client above
    report = probe(manifests, binary=binary)
    asked_as = [result for result in report.results if " as " in result.case.label]
    assert len(asked_as) >= 15
    if minor >= KNOWS_CLIENTS:
        assert report.differing == []
        assert {result.outcome for result in asked_as} == {REACHED, REFUSED}
        assert report.notes == []
    else:
        # An older Envoy must refuse everything, shared names too: it opens nothing to anybody.
        assert _reached(report) == set()
        assert any("need on_downstream_tls_handshake (Envoy 1.38, Istio 1.30)" in note for note in report.notes)


def test_without_limited_lists_the_gateway_stays_what_it_was() -> None:
    plain = build(ROOT / "overlays/prod")
    text = yaml.safe_dump_all(plain)
    assert "egress-overlays.client" not in text
    exported = [one["spec"]["exportTo"] for one in plain if "exportTo" in one.get("spec", {})]
    assert exported
    assert all(namespaces == ["*"] for namespaces in exported)


def test_clients_that_ask_at_the_same_time_are_told_apart(
    manifests: list[dict[str, Any]], binary: Path, minor: int
) -> None:
    """Envoy hands inner connections out of a pool: one that was opened for another client would carry its identity."""
    if minor == REFUSES_THE_LISTENER:
        return
    own = {"payments/any": "api.stripe.com", "blog/any": "cdn.blog.example.com"}
    asked = [(client, name) for client in own for name in own.values()] * 40
    with standing(manifests, binary) as gateway:
        for client in own:
            gateway.issue(client)
        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(lambda one: gateway.reaches(one[1], one[0]), asked))
    expected = [minor >= KNOWS_CLIENTS and own[client] == name for client, name in asked]
    assert found == expected
