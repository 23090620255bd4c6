"""The probe at a gateway with several ports: it says who asks, and tries a name at one port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from builds import build, overlay
from egress_overlays.lists.clients import Client
from egress_overlays.probe import probe

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

BROKER = "broker.partner.example"
EXPECTED = f"""\
- {{host: "{BROKER}:9093", as: batch/job, expect: allow}}
- {{host: "{BROKER}:9093", as: blog/web, expect: deny}}
- {{host: "{BROKER}:9094", expect: deny}}
- {{host: "{BROKER}", expect: deny}}
- {{host: a.example.com, as: batch/job, expect: allow}}
"""


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    names = (f"{BROKER}:9093", "a.example.com")
    return build(overlay(tmp_path_factory.mktemp("overlay"), ("ports", "client-lists"), names, "batch"))


@pytest.mark.long
def test_it_says_who_asks_and_asks_as_a_stranger_at_every_port(resources: list[dict[str, Any]], newest: Path) -> None:
    results = probe(resources, binary=newest).results
    assert [result for result in results if not result.as_expected] == []
    asked = {(result.target.port, result.client) for result in results if result.case.hello.name == BROKER}
    assert (9093, "batch/probe") in asked
    assert (9093, "default/probe") in asked
    (of_nobody,) = {result.client for result in results if result.case.label.endswith("no mesh certificate")}
    assert of_nobody == ""


def test_a_name_is_tried_at_its_port_alone(resources: list[dict[str, Any]], newest: Path) -> None:
    hosts = [f"{BROKER}:9093=allow", f"{BROKER}:443=deny", "a.example.com:9093=deny", "a.example.com:443"]
    report = probe(resources, hosts=hosts, client=Client("batch/job"), binary=newest)
    assert [(result.target.listed, result.case.label, result.case.expected) for result in report.results] == [
        (443, f"{BROKER}:443", "deny"),
        (443, "a.example.com:443", "allow"),
        (9093, f"{BROKER}:9093", "allow"),
        (9093, "a.example.com:9093", "deny"),
    ]
    assert report.differing == []


def test_expectations_of_names_at_ports(resources: list[dict[str, Any]], tmp_path: Path, run: Run) -> None:
    (tmp_path / "rendered.yaml").write_text(yaml.safe_dump_all(resources))
    (tmp_path / "expected.yaml").write_text(EXPECTED)
    outcome = run("test", "--probe", "--file", tmp_path / "expected.yaml", tmp_path / "rendered.yaml")
    assert (outcome.code, outcome.err) == (0, "")
    assert "5 expectations: all as expected" in outcome.out
    (tmp_path / "expected.yaml").write_text(f'- {{host: "{BROKER}:9094", as: batch/job, expect: allow}}\n')
    outcome = run("test", "--probe", "--file", tmp_path / "expected.yaml", tmp_path / "rendered.yaml")
    assert outcome.code == 1
    assert "nothing listens for port 9094" in outcome.out
