"""A list that only reports, in real Envoy: who passes by it, what stays refused, and what the gateway's log says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from builds import build, built_of
from egress_overlays.lists.clients import Client
from egress_overlays.probe import REACHED, REFUSED, probe
from egress_overlays.probe.identity import spiffe
from in_envoy import standing

if TYPE_CHECKING:
    from pathlib import Path

    from egress_overlays.probe import Report

KNOWS_CLIENTS = 38  # the minor version of Envoy
REPORTS = {"enforce": "report", "report-until": "2027-03-31"}
RULE = "reported by till until 2027-03-31, else rbac_access_denied_matched_policy[none]"
LISTS: dict[str, tuple[str, dict[str, str]]] = {
    "shared": ("pypi.org\n", {}),
    "till": ("*.tills.example.com\n", {"clients": "till", **REPORTS}),
    "office": ("api.stripe.com\neu.tills.example.com\n", {"clients": "office"}),
}
NAMES = ("pypi.org", "x.tills.example.com", "eu.tills.example.com", "api.stripe.com", "not-on-the-list.example.com")


@pytest.fixture(scope="module", params=["", "steady-connections"], ids=["one chain", "many chains"])
def manifests(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    components = [name for name in ("client-lists", "report", request.param) if name]
    return built_of(tmp_path_factory.mktemp("reporting"), LISTS, tuple(components))


def outcomes(report: Report) -> dict[str, str]:
    """What happened to each name: refused, reached, or by which rule it was reported."""
    return {
        result.case.label: result.rule if result.rule.startswith("reported") else result.outcome
        for result in report.results
    }


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("till/x", (REACHED, REACHED, REACHED, RULE, REFUSED)),
        ("till-x/x", (REACHED, REFUSED, REFUSED, REFUSED, REFUSED)),
        ("office/x", (REACHED, REFUSED, REACHED, REACHED, REFUSED)),
    ],
)
def test_clients_of_the_list_are_reported_where_enforcement_refuses_them_and_nobody_else(
    client: str, expected: tuple[str, ...], manifests: list[dict[str, Any]], newest: Path
) -> None:
    """Also a name that a narrower list has for others, and a wildcard of their own lets them reach, is not reported."""
    report = probe(manifests, hosts=NAMES, client=Client(client), binary=newest)
    assert outcomes(report) == dict(zip(NAMES, expected, strict=True))
    assert report.differing == []


@pytest.mark.long
def test_internal_addresses_stay_refused_to_those_who_are_reported(
    manifests: list[dict[str, Any]], newest: Path
) -> None:
    report = probe(manifests, client=Client("till/x"), binary=newest)
    assert report.differing == []
    addresses = [result for result in report.results if result.case.kind == "address"]
    assert len(addresses) > 8
    assert {result.outcome for result in addresses} == {REFUSED}
    assert any(result.case.hello.name == "api.stripe.com" or RULE in result.rule for result in report.results)


def test_every_envoy_that_knows_clients_does_so(manifests: list[dict[str, Any]], binary: Path, minor: int) -> None:
    if minor < KNOWS_CLIENTS:
        return  # it knows no client, and refuses every name: test_clients_in_envoy.py
    report = probe(manifests, hosts=NAMES, client=Client("till/x"), binary=binary)
    assert outcomes(report)["api.stripe.com"] == RULE


def test_the_gateways_log_says_which_rule_would_have_refused(manifests: list[dict[str, Any]], newest: Path) -> None:
    with standing(manifests, newest) as gateway:
        for name in NAMES[:4]:
            assert gateway.reaches(name, "till/x")
    lines = gateway.log.splitlines()
    found = {
        one["name"]: one for one in map(json.loads, (line for line in lines if '"egress-overlays.clients"' in line))
    }
    assert {name: one["list"] for name, one in found.items()} == {
        "pypi.org": "default",
        "x.tills.example.com": "till",
        "eu.tills.example.com": "till",
        "api.stripe.com": RULE,
    }
    assert found["api.stripe.com"]["client"] == spiffe(Client("till/x"))


def test_the_platform_reports_everybody_of_the_mesh_and_nobody_else(newest: Path, tmp_path: Path) -> None:
    """By the EnvoyFilter alone: any workload reaches every listed name; who is in no mesh, and other names, do not."""
    lists = {name: (names, {"clients": "office"} if name == "office" else {}) for name, (names, _) in LISTS.items()}
    built_of(tmp_path, lists, ("client-lists", "report"))
    (tmp_path / "everybody").mkdir()
    metadata = {
        "name": "sni-egressgateway",
        "namespace": "istio-egress",
        "annotations": {f"egress-overlays.dev/{key}": value for key, value in REPORTS.items()},
    }
    patch = {"apiVersion": "networking.istio.io/v1alpha3", "kind": "EnvoyFilter", "metadata": metadata}
    component = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "patches": [{"path": "patch.yaml"}],
    }
    (tmp_path / "everybody/patch.yaml").write_text(json.dumps(patch))
    (tmp_path / "everybody/kustomization.yaml").write_text(json.dumps(component))
    kustomization = yaml.safe_load((tmp_path / "kustomization.yaml").read_text())
    kustomization["components"].insert(-1, "everybody")
    (tmp_path / "kustomization.yaml").write_text(json.dumps(kustomization))
    manifests = build(tmp_path)

    rule = RULE.replace("till", "sni-egressgateway")
    found = outcomes(probe(manifests, hosts=NAMES, client=Client("blog/x"), binary=newest))
    assert found == dict(zip(NAMES, (REACHED, REACHED, REACHED, rule, REFUSED), strict=True))

    with standing(manifests, newest) as gateway:
        assert gateway.reaches("api.stripe.com", "blog/x")
        assert not gateway.reaches("api.stripe.com", "blog/x", certificate="none")
        assert not gateway.reaches("api.stripe.com", "blog/x", certificate="plaintext")
