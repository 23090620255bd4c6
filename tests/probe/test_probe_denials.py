"""Lists with denials in real Envoy, each a zone of one gateway: what it lets through is what a naive evaluator says."""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from builds import build, config_map, overlay
from egress_overlays.lists.clients import Client
from egress_overlays.probe.run import probe
from evaluated import CLIENTS, HOLED_HOSTS, List, holed_list, limited_lists, with_clients, with_denials

if TYPE_CHECKING:
    from pathlib import Path

KNOWS_CLIENTS = 38
"""The minor version of Envoy from which the gateway knows its clients."""
AT_ONCE = 30
"""How many zones one gateway has: it must not outgrow an object of the cluster."""
LISTS = int(os.environ.get("EGRESS_OVERLAYS_PROBED", "12"))
"""How many lists are tried; `make holes` tries 300."""


def test_lists_agree_with_the_naive_evaluator(tmp_path: Path, binary: Path, minor: int) -> None:
    random = Random(f"probed/{LISTS}")  # noqa: S311 - no secret
    names, hosts = [], []
    for number in range(LISTS):
        lines = holed_list(random)
        names += [_in_zone(line, number) for line in lines]
        hosts += [
            f"{_in_zone(host, number)}={'allow' if with_denials(host, lines) else 'deny'}" for host in HOLED_HOSTS
        ]
    report = probe(build(overlay(tmp_path, (), tuple(names))), hosts=hosts, binary=binary)
    assert len(report.results) == len(hosts)
    assert [f"{one.case.label}: {one.outcome}" for one in report.differing] == []
    denied = [one for one in report.results if one.chain == "denied"]
    assert denied
    assert all(one.logged for one in denied)
    assert minor < 37 or {one.rule for one in denied} == {"RBAC denied"}


def _in_zone(name: str, number: int) -> str:
    """`name` below a domain of its own for each list."""
    return name.replace("example.com", f"z{number}.example.com").replace("other.org", f"z{number}.other.org")


@pytest.mark.long
@pytest.mark.parametrize("components", [("client-lists",), ("client-lists", "steady-connections")], ids=len)
def test_lists_of_some_clients_agree_with_the_naive_evaluator(
    components: tuple[str, ...], tmp_path: Path, binary: Path, minor: int
) -> None:
    """Each a zone of one gateway, asked past the sidecar by one client, who has a certificate."""
    if minor < KNOWS_CLIENTS:
        return  # it refuses everything: test_clients_in_envoy.py
    random = Random(f"limited and probed/{LISTS}")  # noqa: S311 - no secret
    refused = []
    at_once = AT_ONCE // len(components)
    for start in range(0, LISTS, at_once):
        numbers = range(start, min(start + at_once, LISTS))
        zones = {number: (CLIENTS[number % len(CLIENTS)], limited_lists(random)) for number in numbers}
        directory = tmp_path / str(start)
        directory.mkdir()
        manifests = _of_zones(overlay(directory, components, ("everybody.example.net",)), zones)
        for client in CLIENTS:
            asked = [
                f"{_in_zone(host, number)}={'allow' if with_clients(host, client, zone) else 'deny'}"
                for number, (asking, zone) in zones.items()
                for host in HOLED_HOSTS
                if asking == client
            ]
            report = probe(manifests, hosts=asked, client=Client(client), binary=binary) if asked else None
            assert report is None or len(report.results) == len(asked)
            assert [f"{one.case.label}: {one.outcome}" for one in (report.differing if report else ())] == []
            refused += [one for one in (report.results if report else ()) if one.rule.startswith("RBAC !z")]
    assert refused, "some were refused by a denial of a limited list, which the log names"
    assert all(one.logged for one in refused)


def _of_zones(directory: Path, zones: dict[int, tuple[str, list[List]]]) -> list[dict[str, Any]]:
    """What is built of an overlay with the lists of each zone besides its own."""
    lists = []
    for number, (_, zone) in zones.items():
        for index, (limit, lines) in enumerate(zone):
            lists.append(config_map(tuple(_in_zone(line, number) for line in lines), limit))
            lists[-1]["metadata"]["name"] = f"z{number}-{index}"
    with (directory / "domains.yaml").open("a") as file:
        file.write("---\n" + yaml.safe_dump_all(lists))
    return build(directory)
