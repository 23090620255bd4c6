"""Names at other ports beside what else stands around a gateway: applications' policies, lists for clients, logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from builds import ROOT, build, config_map, overlay
from egress_overlays.lists.clients import Client
from egress_overlays.probe import REACHED, probe

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

pytestmark = pytest.mark.long

NAMES = ("a.example.com", "*.example.com:9093", "b.example.com:8443", "m.example.com:993")
ARRIVING = [8443, 31993, 32443, 9093]
Object = dict[str, Any]


def of_kind(objects: list[Object], kind: str) -> list[Object]:
    return [one for one in objects if one["kind"] == kind]


def with_resources(directory: Path, further: dict[str, list[str]], *more: str) -> Path:
    """The overlay with a directory of its own for each namespace, which takes these of components/, and `more`."""
    kustomization = yaml.safe_load((directory / "kustomization.yaml").read_text())
    for namespace, names in further.items():
        (directory / namespace).mkdir()
        (directory / namespace / "parts").symlink_to(ROOT / "components")
        own = {"namespace": namespace, "resources": [f"parts/{name}" for name in names]}
        (directory / namespace / "kustomization.yaml").write_text(yaml.safe_dump(own))
        kustomization["resources"].append(namespace)
    (directory / "parts").symlink_to(ROOT / "components")
    kustomization["resources"] += [f"parts/{name}" for name in more]
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return directory


def test_every_namespace_of_applications_reaches_the_ports(tmp_path: Path, run: Run) -> None:
    components = ("restrict-direct-egress", "ports", "ports/restrict-direct-egress", "openshift")
    parts = ["restrict-direct-egress/application-namespace", "openshift/application-namespace"]
    directory = with_resources(overlay(tmp_path, components, NAMES), {"team-a": parts, "team-b": parts})
    made = build(directory)
    policies = {
        one["metadata"]["namespace"]: one
        for one in of_kind(made, "NetworkPolicy")
        if one["metadata"]["name"] == "restrict-direct-egress"
    }
    assert policies.keys() == {"default", "team-a", "team-b"}
    for policy in policies.values():
        to_gateway, to_dns, to_istiod = policy["spec"]["egress"]
        assert [one["port"] for one in to_gateway["ports"]] == ARRIVING
        assert to_gateway["to"][0]["podSelector"] == {"matchLabels": {"istio": "sni-egressgateway"}}
        assert [one["port"] for one in (*to_dns["ports"], *to_istiod["ports"])] == [53, 53, 15012]
    dns = [one for one in of_kind(made, "NetworkPolicy") if one["metadata"]["name"] == "openshift-dns"]
    assert {port["port"] for one in dns for rule in one["spec"]["egress"] for port in rule["ports"]} == {5353}
    outcome = run("verify", directory)
    assert outcome.code == 0, outcome.out


def test_the_policy_of_all_namespaces_names_no_port_of_the_gateway(tmp_path: Path, run: Run) -> None:
    """It passes on what goes to pods, whatever the port, so that there is nothing to open in it."""
    directory = with_resources(overlay(tmp_path, ("ports",), NAMES), {}, "restrict-direct-egress/all-namespaces")
    (policy,) = of_kind(build(directory), "ClusterNetworkPolicy")
    passed = policy["spec"]["egress"][0]
    assert (passed["action"], passed["to"], passed.keys()) == ("Pass", [{"namespaces": {}}], {"name", "action", "to"})
    outcome = run("verify", directory)
    assert outcome.code == 0, outcome.out


@pytest.mark.parametrize(
    "components",
    [
        ("ports", "client-lists", "json-access-log", "steady-connections"),
        ("compact-registry", "ports", "ports/compact-registry", "resolver", "dual-stack"),
        ("high-availability", "monitoring", "authorization", "admission", "ports"),
    ],
    ids="+".join,
)
def test_each_port_lets_through_its_own_list_in_real_envoy(components: tuple[str, ...], tmp_path: Path) -> None:
    report = probe(build(overlay(tmp_path, components, ("a.example.com", "*.example.com:9093", "b.example.com:8443"))))
    assert report.differing == []
    reached = {(one.target.port, one.case.label) for one in report.results if one.outcome == REACHED}
    assert {(8443, "a.example.com"), (9093, "probe.example.com"), (32443, "b.example.com")} <= reached


def test_a_list_of_some_clients_is_theirs_at_its_port_alone(tmp_path: Path) -> None:
    """shop/checkout may reach the queue, everybody the API; nobody either at the other's port."""
    directory = overlay(tmp_path, ("client-lists", "ports"), ("queue.example.com:9093",), "shop/checkout")
    shared = config_map(("api.example.com:8443", "www.example.com"))
    shared["metadata"]["name"] = "shared"
    (directory / "shared.yaml").write_text(yaml.safe_dump(shared))
    kustomization = yaml.safe_load((directory / "kustomization.yaml").read_text())
    kustomization["resources"].append("shared.yaml")
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    made = build(directory)
    hosts = ("queue.example.com", "api.example.com", "www.example.com")
    reached = {
        client: {
            (one.target.port, one.case.label)
            for one in probe(made, hosts=hosts, client=Client(client)).results
            if one.outcome == REACHED
        }
        for client in ("shop/checkout", "blog/web")
    }
    everybodys = {(32443, "api.example.com"), (8443, "www.example.com")}
    assert reached == {"shop/checkout": everybodys | {(9093, "queue.example.com")}, "blog/web": everybodys}


@pytest.mark.parametrize(("components", "logs"), [(("json-access-log",), 2), (("client-lists",), 1)])
def test_logs_in_json_say_the_port(components: tuple[str, ...], logs: int, tmp_path: Path) -> None:
    """`usage` and `learn` read it: nothing else of such a line tells a name at one port from the same at another."""
    made = build(overlay(tmp_path, (*components, "ports"), NAMES))
    found = {
        one["metadata"]["name"].rpartition("-port.")[2]: list(_json_formats(one))
        for one in of_kind(made, "EnvoyFilter")
    }
    assert found.keys() == {"sni-egressgateway", "993", "8443", "9093"}
    for port, formats in found.items():
        assert len(formats) == logs
        assert {one.get("port") for one in formats} == {None if port == "sni-egressgateway" else port}


def _json_formats(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [found for child in node for found in _json_formats(child)]
    if not isinstance(node, dict):
        return []
    own = [node["json_format"]] if "json_format" in node else []
    return [*own, *(found for child in node.values() for found in _json_formats(child))]
