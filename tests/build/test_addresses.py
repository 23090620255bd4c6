"""The addresses that are refused: RBAC, NetworkPolicy and resolver refuse what docs/addresses.md says, all of it."""

from __future__ import annotations

import ipaddress
import subprocess
import sys
from typing import Any

import pytest

import quick_yaml as yaml
from builds import ROOT

LINES = (ROOT / "docs/addresses.md").read_text().splitlines()
ROWS = [line.split("|")[1].strip() for line in LINES if line.startswith("| ")][1:]
TABLE = {ipaddress.ip_network(row) for row in ROWS}


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


def rbac() -> set[Any]:
    """What Envoy's rules refuse."""
    (patch,) = [
        one
        for one in read("base/envoyfilter.yaml")["spec"]["configPatches"]
        if "filter_chains" in one["patch"]["value"]
    ]
    (chain,) = patch["patch"]["value"]["filter_chains"]
    (rules,) = [one["typed_config"]["rules"] for one in chain["filters"] if one["name"].endswith("rbac")]
    assert rules["action"] == "DENY"
    (permission,) = rules["policies"]["not-global"]["permissions"]
    (refused,) = permission["and_rules"]["rules"]
    return _prefixes(refused["or_rules"]["rules"])


def sidecars() -> set[Any]:
    """What the rules of base-direct/ refuse."""
    (rules,) = [
        one["patch"]["value"]["typed_config"]["rules"]
        for one in read("base-direct/addresses/envoyfilter.yaml")["spec"]["configPatches"]
        if one["patch"]["value"].get("name", "").endswith("rbac")
    ]
    assert rules["action"] == "DENY"
    (permission,) = rules["policies"]["not-global"]["permissions"]
    return _prefixes(permission["or_rules"]["rules"])


def _prefixes(matchers: list[dict[str, Any]]) -> set[Any]:
    ranges = [one["matcher"]["typed_config"]["upstream_ip"] for one in matchers]
    return {ipaddress.ip_network(f"{one['address_prefix']}/{one['prefix_len']}") for one in ranges}


def network_policy(path: str = "base/networkpolicy.yaml") -> set[Any]:
    rules = read(path)["spec"]["egress"]
    peers = [peer for rule in rules for peer in rule.get("to", []) if {"protocol": "TCP", "port": 443} in rule["ports"]]
    blocks = [peer["ipBlock"] for peer in peers]
    assert [block["cidr"] for block in blocks] == ["0.0.0.0/0", "::/0"]
    return {ipaddress.ip_network(cidr) for block in blocks for cidr in block["except"]}


def resolver() -> set[Any]:
    lines = (ROOT / "components/resolver/unbound.conf").read_text().splitlines()
    found = [line.split("#")[0].split() for line in lines if line.strip().startswith("private-address:")]
    return {ipaddress.ip_network(cidr) for _, cidr in found}


def test_all_refuse_the_same_ranges() -> None:
    assert len(TABLE) == len(ROWS) > 20
    applications = network_policy("components/restrict-direct-egress/direct-namespace/networkpolicy.yaml")
    assert rbac() == sidecars() == network_policy() == applications == resolver() == TABLE


def test_what_make_addresses_writes_is_there() -> None:
    done = subprocess.run([sys.executable, ROOT / "tools/addresses.py", "--check"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("address", ["34.118.225.1", "168.63.129.16", "161.26.0.10", "166.9.14.7", "169.254.169.254"])
def test_the_own_services_of_platforms_are_refused(address: str) -> None:
    assert any(ipaddress.ip_address(address) in network for network in TABLE)
