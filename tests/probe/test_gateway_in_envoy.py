"""base/ and the overlays in real Envoy, with real TLS: what gets out, what does not, and what the log says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import quick_yaml as yaml
from builds import COMPONENTS, ROOT, build, denied_addresses, overlay, private_addresses
from egress_overlays.istiod.configuration import configuration
from egress_overlays.istiod.gateway import workloads
from egress_overlays.probe import REACHED, REFUSED, Report, Result, probe

OVERLAYS = ("dev", "staging", "prod")
LIST = ("*.wikipedia.org", "pypi.org")


@pytest.fixture(scope="session", params=OVERLAYS)
def report(request: pytest.FixtureRequest, version: str, envoys: dict[str, Path]) -> Report:
    return probe(build(ROOT / "overlays" / request.param), binary=envoys[version])


def of_kind(report: Report, kind: str) -> list[Result]:
    found = [result for result in report.results if result.case.kind == kind]
    assert found
    return found


def by_address(report: Report) -> dict[str, Result]:
    """The results of DNS answers with a single address, by that."""
    return {r.case.forbidden: r for r in of_kind(report, "address") if r.case.answers == (r.case.forbidden,)}


def test_everything_goes_as_the_list_says(report: Report) -> None:
    assert report.differing == []


def test_every_allowed_name_reaches_its_server(report: Report) -> None:
    allowed = [result for result in of_kind(report, "entry") if result.case.expected == "allow"]
    assert len(allowed) > 20
    assert {(result.outcome, result.chain) for result in allowed} == {(REACHED, "allowed")}


def test_near_misses_are_refused_by_the_gateway_and_not_by_chance(report: Report) -> None:
    near = [result for result in of_kind(report, "near-miss") if result.case.expected == "deny"]
    assert {(result.outcome, result.rule) for result in near} == {(REFUSED, "no filter chain matches")}


def test_clients_without_a_name_or_certificate_are_refused(report: Report) -> None:
    clients = of_kind(report, "client")
    assert len(clients) == 8
    assert {(result.outcome, result.attempted) for result in clients} == {(REFUSED, False)}


def test_internal_addresses_are_refused(report: Report) -> None:
    assert {result.outcome for result in of_kind(report, "address")} == {REFUSED}


def test_internal_addresses_are_never_connected_to(report: Report, connects_late: bool) -> None:
    listed = ("127.0.0.1", "10.0.0.1", "100.64.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1")
    results = by_address(report)
    connected = [address for address in listed if results[address].attempted]
    # Envoy 1.36 has no way to wait: it connects, and passes no byte (docs/differences-from-the-seed.md).
    assert connected == ([] if connects_late else ["127.0.0.1", "10.0.0.1", "100.64.0.1", "169.254.169.254"])


def test_every_connection_leaves_a_line_in_the_access_log(report: Report) -> None:
    assert [result.case.label for result in report.results if not result.logged] == []


def told(resources: list[dict[str, Any]]) -> object:
    """All that istiod tells the gateway's Envoy."""
    return [configuration(resources, workload) for workload in workloads(resources)]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> object:
    return told(build(overlay(tmp_path_factory.mktemp("base"), (), LIST)))


# The probe's internet has IPv4 addresses, of which a gateway with ipv6-only knows nothing: a test of its own, below.
OVER_IPV4 = tuple(name for name in COMPONENTS if name != "ipv6-only")


@pytest.mark.long
@pytest.mark.parametrize("component", OVER_IPV4)
def test_each_component_keeps_the_gateway_working(
    component: str, binary: Path, minor: int, base: object, tmp_path: Path
) -> None:
    if component == "client-lists" and minor == 37:
        return  # refused whole: tests/probe/test_clients_in_envoy.py
    resources = build(overlay(tmp_path, (component,), LIST))
    if told(resources) == base:
        return  # the gateway is that of base/, which is tried above
    report = probe(resources, binary=binary)
    opened = ["127.0.0.1"] if component == "allow-private-addresses" else []
    assert [result.case.forbidden or result.case.label for result in report.differing] == opened
    assert [result.case.label for result in report.results if not result.logged] == []


def test_all_components_together_keep_it_working(newest: Path, tmp_path: Path) -> None:
    report = probe(build(overlay(tmp_path, OVER_IPV4, LIST)), binary=newest)
    assert [result.case.forbidden or result.case.label for result in report.differing] == ["127.0.0.1"]


def test_dual_stack_refuses_internal_ipv6_addresses_by_their_range(newest: Path, tmp_path: Path) -> None:
    report = probe(build(overlay(tmp_path, ("dual-stack",), LIST)), binary=newest)
    rules = {address: result.rule for address, result in by_address(report).items()}
    assert {rules["::1"], rules["fd00::1"], rules["::ffff:10.0.0.1"]} == {"RBAC not-global"}


@pytest.mark.parametrize("others", [(), ("dual-stack", "client-lists", "steady-connections", "resolver")])
def test_ipv6_only_asks_for_ipv6_addresses_reaches_them_and_refuses_internal_ones(
    others: tuple[str, ...], newest: Path, tmp_path: Path
) -> None:
    directory = overlay(tmp_path, ("allow-private-addresses", "ipv6-only", *others), LIST)
    # ::1 plays an address out there: it is the one of IPv6 that a machine has for sure.
    (directory / "allow-private-addresses.yaml").write_text(yaml.safe_dump(private_addresses("::1", 128)))
    report = probe(build(directory), binary=newest)
    results = by_address(report)
    assert results["::1"].outcome == REACHED
    assert {results[address].rule for address in ("fd00::1", "::ffff:10.0.0.1")} == {"RBAC not-global"}
    named = [results["127.0.0.1"], *(one for one in of_kind(report, "entry") if one.case.expected == "allow")]
    assert {(one.outcome, one.rule, one.attempted) for one in named} == {(REFUSED, "RBAC not-resolved", False)}


def test_private_addresses_that_are_named_are_reached_and_no_others(newest: Path, tmp_path: Path) -> None:
    report = probe(build(overlay(tmp_path, ("allow-private-addresses",), LIST)), binary=newest)
    results = by_address(report)
    assert results["127.0.0.1"].outcome == REACHED
    assert {results[address].rule for address in ("10.0.0.1", "169.254.169.254")} == {"RBAC not-global"}


def test_addresses_that_are_denied_are_refused_also_where_they_would_be_allowed(newest: Path, tmp_path: Path) -> None:
    directory = overlay(tmp_path, ("allow-private-addresses",), LIST)
    denied_addresses(directory, "127.0.0.1", 32)
    results = by_address(probe(build(directory), binary=newest))
    assert (results["127.0.0.1"].outcome, results["127.0.0.1"].rule) == (REFUSED, "RBAC denied-addresses")
    assert results["10.0.0.1"].rule == "RBAC not-global"


@pytest.mark.long
def test_a_list_of_exact_names_alone_is_tried_with_lies_too(newest: Path, tmp_path: Path) -> None:
    report = probe(build(overlay(tmp_path, (), ("pypi.org",))), binary=newest)
    assert report.differing == []
    assert len(of_kind(report, "address")) == 9


def test_a_gateway_that_lets_more_through_than_the_list_differs(newest: Path, tmp_path: Path) -> None:
    """The probe's own test: what it exists to find, it finds."""
    resources = build(overlay(tmp_path, (), LIST))
    _chain(resources)["filter_chain_match"]["server_names"].append("*.evil.example")
    found = {result.case.label for result in probe(resources, binary=newest).differing}
    assert "probe.evil.example" in found
    assert "wikipedia.org.evil.example" in found


def test_a_gateway_without_the_refusal_of_addresses_differs(newest: Path, tmp_path: Path) -> None:
    resources = build(overlay(tmp_path, (), LIST))
    filters = _chain(resources)["filters"]
    filters[:] = [entry for entry in filters if "rbac" not in entry["name"]]
    found = {result.case.forbidden for result in probe(resources, binary=newest).differing}
    assert "127.0.0.1" in found


def test_a_gateway_without_access_log_is_seen(newest: Path, tmp_path: Path) -> None:
    resources = build(overlay(tmp_path, (), LIST))
    (envoy_filter,) = (resource for resource in resources if resource["kind"] == "EnvoyFilter")
    del envoy_filter["spec"]["configPatches"][2]["patch"]["value"]["access_log"]
    report = probe(resources, hosts=["en.wikipedia.org=allow", "evil.example=deny"], binary=newest)
    assert [result.logged for result in report.results] == [False, False]


def _chain(resources: list[dict[str, Any]]) -> dict[str, Any]:
    (envoy_filter,) = (resource for resource in resources if resource["kind"] == "EnvoyFilter")
    chain: dict[str, Any] = envoy_filter["spec"]["configPatches"][2]["patch"]["value"]["filter_chains"][0]
    return chain
