"""The probe by plain HTTP: what is listed is reached, what is not is refused, a gateway with a hole is found out."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

import http_clients
import quick_yaml as yaml
from builds import build, built_of, overlay
from egress_overlays.probe import REACHED, REFUSED, probe

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from command import Run

NAMES = ("*.example.com", "http://deb.debian.org", "http://*.debian.net", "http://*.mirror.example.com:11371")
EXPECTED = """\
- {host: "http://deb.debian.org", expect: allow}
- {host: "evil.example:80/http", expect: allow}
- {host: "http://deb.debian.org:11371", expect: deny}
- {host: "http://*.mirror.example.com:11371", expect: allow}
- {host: "http://mirror.example.com:11371", expect: deny}
- {host: "http://deb.debian.org:8080", expect: deny}
- {host: "http://deb.debian.org:9999", expect: allow}
- {host: deb.debian.org, expect: deny}
- {host: a.example.com, expect: allow}
"""


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return build(overlay(tmp_path_factory.mktemp("overlay"), ("plain-http",), NAMES))


@pytest.fixture(scope="module")
def rendered(resources: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rendered") / "rendered.yaml"
    path.write_text(yaml.safe_dump_all(resources))
    return path


@pytest.mark.long
def test_everything_is_tried_and_as_expected(resources: list[dict[str, Any]], binary: Path) -> None:
    report = probe(resources, binary=binary)
    assert [(one.target.names, one.case.label) for one in report.differing] == []
    assert [note for note in report.notes if "plain HTTP" in note] == []
    found = {(one.target.names, one.case.label): one for one in report.results}
    for at, host, rule in (
        ("80/http", "deb.debian.org", "domains"),
        ("80/http", "deb.debian.org:80", "domains"),
        ("80/http", "deb.debian.org:8080", "no virtual host matches"),
        ("80/http", "probe.mirror.example.com", "no virtual host matches"),
        ("80/http", "not-on-the-list.example", "no virtual host matches"),
        ("80/http", "lies-1.debian.net -> 10.0.0.1", "RBAC not-global"),
        ("80/http", "lies-0.debian.net, no mesh certificate", "TLS: peer did not return a certificate"),
        ("11371/http", "probe.mirror.example.com:11371", "domains"),
        ("11371/http", "mirror.example.com:11371", "no virtual host matches"),
        ("11371/http", "probe.mirror.example.com", "no virtual host matches"),
    ):
        assert found[at, host].rule == rule
        assert found[at, host].logged
        assert (found[at, host].outcome == REACHED) == (rule == "domains")
    hosts = ("two Hosts", "no Host", "CONNECT", "TLS")
    assert {(at, label) for at, label in found if label in hosts} == {
        (at, label) for at in ("80/http", "11371/http") for label in hosts
    }


def test_hosts_by_plain_http(resources: list[dict[str, Any]], newest: Path) -> None:
    at_port = "HTTP://x.mirror.example.com:11371=allow"
    hosts = ["http://deb.debian.org", "evil.example:80/http", at_port, "a.example.com"]
    report = probe(resources, hosts=hosts, binary=newest)
    assert {(one.target.names, one.case.label, one.case.expected, one.rule) for one in report.results} == {
        ("443", "a.example.com", "allow", "server_names"),
        ("11371/http", "x.mirror.example.com:11371/http", "allow", "domains"),
        ("80/http", "deb.debian.org:80/http", "allow", "domains"),
        ("80/http", "evil.example:80/http", "deny", "no virtual host matches"),
    }
    assert report.differing == []


@pytest.mark.long
@pytest.mark.parametrize(
    "components",
    [("steady-connections",), ("exact-names",), ("own-namespace",), ("compact-registry", "ports/compact-registry")],
    ids=str,
)
def test_beside_what_changes_the_gateway(components: tuple[str, ...], newest: Path, tmp_path: Path) -> None:
    report = probe(build(overlay(tmp_path, ("plain-http", *components), NAMES)), binary=newest)
    assert [(one.target.names, one.case.label) for one in report.differing] == []
    assert {one.target.names for one in report.results} == {"443", "80/http", "11371/http"}


def test_the_report_says_the_port_and_how(rendered: Path, run: Run) -> None:
    outcome = run("probe", "--host", "http://deb.debian.org", "--host", "http://evil.example=allow", rendered)
    assert outcome.code == 1
    assert "port 31080, for names at 80/http:" in outcome.out
    outcome = run("probe", "--host", "http://deb.debian.org", "-o", "json", rendered)
    (said,) = json.loads(outcome.out)["connections"]
    assert (said["for"], said["name"], said["decidedBy"]) == ("80/http", "deb.debian.org:80/http", "domains")


def test_expectations_of_names_by_plain_http(rendered: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "expected.yaml").write_text(EXPECTED)
    outcome = run("test", "--probe", "-o", "json", "--file", tmp_path / "expected.yaml", rendered)
    (found,) = json.loads(outcome.out)
    said = {one["host"]: one["probe"] for one in found["expectations"] if one["probe"]}
    assert said == {
        "evil.example:80/http": "refused, decided by no virtual host matches",
        "deb.debian.org:9999/http": "refused, nothing listens for port 9999/http",
    }


def any_port(manager: dict[str, Any]) -> None:
    manager["route_config"]["ignore_port_in_host_matching"] = True


def any_host(manager: dict[str, Any]) -> None:
    manager["route_config"]["virtual_hosts"][0]["domains"] = ["*"]


def any_address(manager: dict[str, Any]) -> None:
    manager["http_filters"] = [one for one in manager["http_filters"] if one["name"] != "envoy.filters.http.rbac"]


HOLES = [
    (any_port, "deb.debian.org:8080"),
    (any_host, "not-on-the-list.example"),
    (any_address, "lies-0.debian.net -> 127.0.0.1"),
]


@pytest.mark.long
@pytest.mark.parametrize(("hole", "case"), HOLES, ids=[one[0].__name__ for one in HOLES])
def test_a_gateway_with_a_hole_is_found_out(
    hole: Callable[[dict[str, Any]], None],
    case: str,
    resources: list[dict[str, Any]],
    newest: Path,
) -> None:
    broken = deepcopy(resources)
    for one in broken:
        if one["kind"] == "EnvoyFilter" and one["metadata"]["name"] == "sni-egressgateway-http":
            (chain,) = one["spec"]["configPatches"][2]["patch"]["value"]["filter_chains"]
            hole(chain["filters"][0]["typed_config"])
    differing = [one.case.label for one in probe(broken, binary=newest).differing if one.target.names == "80/http"]
    assert case in differing


@pytest.mark.long
def test_lists_for_some_clients_and_denials(tmp_path: Path, newest: Path) -> None:
    resources = built_of(tmp_path, http_clients.LISTS, http_clients.COMPONENTS)
    report = probe(resources, binary=newest)
    assert [(one.target.names, one.case.label) for one in report.differing] == []
    found = {(one.target.names, one.case.label): (one.outcome, one.rule) for one in report.results}
    assert found["80/http", "own.example.com as shop/probe"] == (REACHED, "domains")
    assert found["80/http", "own.example.com as shop-x/probe"] == (REFUSED, "RBAC none")
    assert found["80/http", "own.example.com"] == (REFUSED, "RBAC none")
    assert found["80/http", "no.everybody.example.com"] == (REFUSED, "RBAC denied")
    assert found["18080/http", "admin.mirror.example.com as blog/app"] == (REFUSED, "RBAC !blog")
    disabled = deepcopy(resources)
    for one in ("sni-egressgateway-http", "sni-egressgateway-http-port.18080"):
        http_clients.manager(disabled, one)["http_filters"][2]["disabled"] = True
    differing = {(one.target.names, one.case.label) for one in probe(disabled, binary=newest).differing}
    assert differing >= {("80/http", "own.example.com"), ("18080/http", "admin.mirror.example.com as blog/app")}
