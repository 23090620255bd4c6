"""Lists for some clients, in real Envoy, with certificates of the test's own mesh."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from builds import ROOT, build
from egress_overlays.lists.clients import Client
from egress_overlays.probe import REACHED, REFUSED, Report, probe

if TYPE_CHECKING:
    from pathlib import Path

LISTS: dict[str, tuple[str, str | None]] = {
    "shared": ("pypi.org\nwww.bank.example.com\n", None),
    "payments": ("api.stripe.com\n*.bank.example.com\n", "payments\nshop/checkout\n"),
    "blog": ("cdn.blog.example.com\n*.eu.bank.example.com\n", "blog\n"),
    "reports": ("*.reports.example.com\n", "*/reporter\n"),
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
    directory = tmp_path_factory.mktemp("clients")
    for name in ("base", "components", "plugin"):
        (directory / name).symlink_to(ROOT / name)
    lists = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": name,
                "labels": {"egress-overlays.dev/set": "default"},
                "annotations": {"egress-overlays.dev/clients": clients} if clients else {},
            },
            "data": {"names": names},
        }
        for name, (names, clients) in LISTS.items()
    ]
    overlay = directory / "overlay"
    overlay.mkdir()
    (overlay / "domains.yaml").write_text(yaml.safe_dump_all(lists))
    components = ["../components/client-lists", "../components/inject"]
    kustomization = {"resources": ["domains.yaml", "../base"], "components": components}
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return build(overlay)


@pytest.fixture(scope="session")
def binary(version: str, envoys: dict[str, Path]) -> Path:
    return envoys[version]


@pytest.fixture(scope="session")
def knows_clients(version: str) -> bool:
    """Whether this Envoy can note an identity down after the handshake (set_filter_state, Envoy 1.37)."""
    return tuple(map(int, version.split(".")[:2])) >= (1, 37)


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
    client: str,
    allowed: set[str],
    manifests: list[dict[str, Any]],
    binary: Path,
    knows_clients: bool,
) -> None:
    report = probe(manifests, hosts=NAMES, client=Client(client), binary=binary)
    expected = {"pypi.org", "www.bank.example.com", *allowed} if knows_clients else set()
    assert _reached(report) == expected
    if knows_clients:
        assert report.differing == []


def test_the_whole_probe_knows_clients(manifests: list[dict[str, Any]], binary: Path, knows_clients: bool) -> None:
    report = probe(manifests, binary=binary)
    asked_as = [result for result in report.results if " as " in result.case.label]
    assert len(asked_as) >= 15
    if knows_clients:
        assert report.differing == []
        assert {result.outcome for result in asked_as} == {REACHED, REFUSED}
        assert report.notes == []
    else:
        # An older Envoy must refuse everything, shared names too: it opens nothing to anybody.
        assert _reached(report) == set()
        assert any("need on_downstream_tls_handshake (Envoy 1.37, Istio 1.29)" in note for note in report.notes)


def test_without_limited_lists_the_gateway_stays_what_it_was() -> None:
    plain = build(ROOT / "overlays/prod")
    text = yaml.safe_dump_all(plain)
    assert "egress-overlays.client" not in text
    assert "exportTo" not in text
