"""Lists with denials in real Envoy, each a zone of one gateway: what it lets through is what a naive evaluator says."""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING

from builds import build, overlay
from egress_overlays.probe.run import probe
from evaluated import HOLED_HOSTS, holed_list, with_denials

if TYPE_CHECKING:
    from pathlib import Path

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
