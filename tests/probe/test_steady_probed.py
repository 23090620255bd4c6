"""components/steady-connections and exact-names with names at other ports and with denials, in real Envoy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builds import build, overlay
from egress_overlays.probe.run import probe
from live import findings

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

PORTS = ("broker.example.com:9093", "*.b.example.com", "k.example.com")
DENIALS = ("*.b.example.com", "!x.b.example.com", "k.example.com")


@pytest.mark.long
@pytest.mark.parametrize("component", ["steady-connections", "exact-names"])
@pytest.mark.parametrize(
    "listed",
    [(("ports", "client-lists"), PORTS), (("client-lists",), DENIALS)],
    ids=["ports", "denials"],
)
def test_spread_names_pass_as_they_are_listed(
    component: str, listed: tuple[tuple[str, ...], tuple[str, ...]], tmp_path: Path, newest: Path, run: Run
) -> None:
    others, names = listed
    resources = build(overlay(tmp_path, (*others, component), names))
    assert [one for one in findings(run, resources) if one["severity"] == "error"] == []
    report = probe(resources, hosts=[], binary=newest)
    assert report.results
    assert [f"{one.case.label}: {one.outcome}" for one in report.differing] == []
