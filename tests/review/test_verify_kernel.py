"""NetworkPolicies that let the gateway's pods reach what its Envoy refuses: a listed name's DNS may lead there."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from builds import build, denied_addresses, overlay
from command import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from command import Outcome, Run

pytestmark = pytest.mark.usefixtures("tree")
Change = Callable[[dict[str, Any]], object]
NAME = "sni-egressgateway"
ALL = "0.0.0.0/8, 10.0.0.0/8, 34.118.224.0/20 and 23 more"


def internet(policy: dict[str, Any]) -> dict[str, Any]:
    """The rule for port 443."""
    rule: dict[str, Any] = policy["spec"]["egress"][2]
    return rule


OPENS: dict[str, tuple[Change, str]] = {
    "emptied": (lambda policy: policy.update(spec={}), ALL),
    "for ingress": (lambda policy: policy["spec"].update(policyTypes=["Ingress"]), ALL),
    "for other pods": (lambda policy: policy["spec"].update(podSelector={"matchLabels": {"istio": "other"}}), ALL),
    "perhaps for other pods": (
        lambda policy: policy["spec"]["podSelector"].update(matchExpressions=[{"key": "a", "operator": "Exists"}]),
        ALL,
    ),
    "in another namespace": (lambda policy: policy["metadata"].update(namespace="elsewhere"), ALL),
    "to anywhere": (lambda policy: internet(policy).pop("to"), ALL),
    "to pods": (lambda policy: internet(policy)["to"].append({"podSelector": {}}), ALL),
    "at every port": (lambda policy: policy["spec"]["egress"][0].pop("ports"), ALL),
    "in a range of ports": (lambda policy: policy["spec"]["egress"][1]["ports"][0].update(port=1, endPort=999), ALL),
    "without exceptions": (lambda policy: internet(policy)["to"][0]["ipBlock"].pop("except"), "0.0.0.0/8"),
    "without one": (lambda policy: internet(policy)["to"][0]["ipBlock"]["except"].remove("10.0.0.0/8"), "10.0.0.0/8"),
    "with half of one": (
        lambda policy: internet(policy)["to"][0]["ipBlock"].update(
            {
                "except": [
                    one.replace("10.0.0.0/8", "10.0.0.0/9") for one in internet(policy)["to"][0]["ipBlock"]["except"]
                ]
            }
        ),
        "10.128.0.0/9",
    ),
    "without one of IPv6": (
        lambda policy: internet(policy)["to"][1]["ipBlock"]["except"].remove("8000::/1"),
        "8000::/1",
    ),
    "with an address of its own": (
        lambda policy: internet(policy)["to"].append({"ipBlock": {"cidr": "10.1.2.3/32"}}),
        "10.1.2.3/32",
    ),
    "unreadable": (lambda policy: internet(policy)["to"][0].update(ipBlock={"cidr": "ten"}), ALL),
}


def findings(run: Run, file: Path, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    file.write_text(yaml.safe_dump_all(documents))
    found = json.loads(run("verify", "-o", "json", file).out)[0]["findings"]
    return [one for one in found if one["rule"] == "kernel"]


@pytest.mark.parametrize("what", OPENS)
def test_what_opens_refused_addresses_is_an_error_that_names_them(
    what: str, run: Run, rendered: Callable[[str], Path]
) -> None:
    change, ranges = OPENS[what]
    file = rendered("prod")
    documents = list(yaml.safe_load_all(file.read_text()))
    change(next(one for one in documents if one["kind"] == "NetworkPolicy" and one["metadata"]["name"] == NAME))
    (found,) = findings(run, file, documents)
    assert found["severity"] == "error"
    assert f"from {ranges}" in found["message"]


def test_no_policy_is_an_error_unless_the_deployment_is_not_at_hand_either(
    run: Run, rendered: Callable[[str], Path]
) -> None:
    file = rendered("prod")
    documents = [one for one in yaml.safe_load_all(file.read_text()) if one["kind"] != "NetworkPolicy"]
    (found,) = findings(run, file, documents)
    assert f"from {ALL}" in found["message"]
    assert findings(run, file, [one for one in documents if one["kind"] != "Deployment"]) == []


def test_further_policies_for_other_ports_and_other_pods_are_fine(run: Run, rendered: Callable[[str], Path]) -> None:
    file = rendered("prod")
    documents = list(yaml.safe_load_all(file.read_text()))
    policy = next(one for one in documents if one["kind"] == "NetworkPolicy" and one["metadata"]["name"] == NAME)
    collector, others = copy.deepcopy(policy), copy.deepcopy(policy)
    collector["metadata"]["name"] = "collector"
    collector["spec"]["egress"] = [{"ports": [{"port": 4317}], "to": [{"podSelector": {}}]}]
    others["metadata"]["name"] = "others"
    others["spec"] = {"podSelector": {"matchLabels": {"app": "other"}}, "egress": [{}]}
    assert findings(run, file, [*documents, collector, others]) == []


def denying(directory: Path) -> list[dict[str, Any]]:
    """A gateway that denies 8.8.8.0/24, as components/deny-addresses does it."""
    denied_addresses(overlay(directory, (), ("pypi.org",)), "8.8.8.0", 24)
    return build(directory)


def test_a_range_that_envoy_alone_denies_is_an_error_that_names_it(run: Run, tmp_path: Path) -> None:
    documents = denying(tmp_path)
    assert findings(run, tmp_path / "both.yaml", documents) == []

    policy = next(one for one in documents if one["kind"] == "NetworkPolicy" and one["metadata"]["name"] == NAME)
    internet(policy)["to"][0]["ipBlock"]["except"].remove("8.8.8.0/24")

    (found,) = findings(run, tmp_path / "one.yaml", documents)
    assert "from 8.8.8.0/24, which" in found["message"]
    assert "components/deny-addresses" in found["message"]


def test_denied_ranges_are_no_other_gateway(run: Run, tmp_path: Path) -> None:
    """More is refused, so that verify has nothing to say; a policy of that name that is none of ranges is one."""
    documents = denying(tmp_path)
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump_all(documents))
    assert run("verify", file).code == 0

    (envoy_filter,) = (one for one in documents if one["kind"] == "EnvoyFilter")
    chain = envoy_filter["spec"]["configPatches"][2]["patch"]["value"]["filter_chains"][0]
    policies = chain["filters"][1]["typed_config"]["rules"]["policies"]
    policies["denied-addresses"]["permissions"] = [{"any": True}]
    file.write_text(yaml.safe_dump_all(documents))
    assert "denied-addresses" in run("verify", file).out

    policies["denied-addresses"] = policies["not-global"]
    chain["filters"][1]["typed_config"]["rules"]["action"] = "ALLOW"
    file.write_text(yaml.safe_dump_all(documents))
    assert run("verify", file).code == 1


def test_addresses_of_the_cluster_that_a_name_may_lead_to_are_a_warning(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump_all(denying(tmp_path)))

    def inside(*ranges: str) -> Outcome:
        return run("verify", *(word for one in ranges for word in ("--inside", one)), file)

    assert "which you say" not in inside("10.4.0.0/14", "8.8.8.0/25", "fd00::/8").out
    found = inside("10.4.0.0/14", "8.8.8.0/23", "2a00:1450::/32")
    assert found.code == 0
    assert "lead to 8.8.9.0/24, 2a00:1450::/32, which you say is the cluster's own" in found.out
    assert one_line(inside("8.8.8"), 2).startswith('egress-overlays: error: --inside: "8.8.8" is no range of addresses')


@pytest.mark.parametrize("prefix", ["203.0.113.0x", "*", ""])
def test_what_is_no_range_of_addresses_is_an_error(prefix: str, run: Run, tmp_path: Path) -> None:
    """Found by `make mutants`: Envoy refuses the listener, and new pods of the gateway have none."""
    documents = json.loads(json.dumps(denying(tmp_path)).replace('"8.8.8.0"', json.dumps(prefix)))
    found = [one for one in findings(run, tmp_path / "changed.yaml", documents) if "no range" in one["message"]]
    assert [one["severity"] for one in found] == ["error"]
