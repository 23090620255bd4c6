"""What a team can do in a kustomization of its own is found by `verify` of the build (docs/security.md)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from live import gateway, patch, small

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

OVERLAY = """\
resources: [../../base]
components: [../../components/domains-common, ../../teams/shop, ../../components/client-lists]
transformers: [../../plugin/inject]
"""
DOMAINS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: egress-domains-shop
  labels: {egress-overlays.dev/set: default}
  annotations: {egress-overlays.dev/clients: shop}
data:
  payment: api.stripe.com
"""
NO_LISTENER = [{"op": "replace", "path": "/spec/configPatches/2/patch/value", "value": {"name": "sni_listener"}}]
STATE = {"name": "envoy.filters.network.set_filter_state"}


def to(kind: str, operations: list[dict[str, Any]]) -> dict[str, Any]:
    return {"patches": [{"target": {"kind": kind}, "patch": yaml.safe_dump(operations)}]}


TEAMS: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "a Gateway of its own": ({}, [gateway({"number": 9443, "protocol": "TLS"}, {"mode": "PASSTHROUGH"})]),
    "an EnvoyFilter of its own": ({}, [small(patch("NETWORK_FILTER", "INSERT_BEFORE", STATE, {"portNumber": 8443}))]),
    "a patch of the forwarder": (to("EnvoyFilter", NO_LISTENER), []),
    "a patch of the Gateway": (
        to("Gateway", [{"op": "replace", "path": "/spec/servers/0/tls", "value": {"mode": "PASSTHROUGH"}}]),
        [],
    ),
    "a patch of the network": (
        to("NetworkPolicy", [{"op": "replace", "path": "/spec/egress", "value": [{}]}]),
        [],
    ),
    "a patch of the pods": (
        to("Deployment", [{"op": "add", "path": "/spec/template/spec/hostNetwork", "value": True}]),
        [],
    ),
    "a patch of the DestinationRule": (
        to("DestinationRule", [{"op": "replace", "path": "/spec/trafficPolicy/tls/mode", "value": "SIMPLE"}]),
        [],
    ),
    "a patch of another list": (
        {
            "patches": [
                {
                    "target": {"kind": "ConfigMap", "name": "egress-domains"},
                    "patch": yaml.safe_dump([{"op": "add", "path": "/data/more", "value": "*.co.uk\n"}]),
                }
            ]
        },
        [],
    ),
}


@pytest.fixture
def team(tree: Path) -> Path:
    """The tree of docs/many-teams.md."""
    directory = tree / "teams/shop"
    directory.mkdir(parents=True)
    (directory / "domains.yaml").write_text(DOMAINS)
    write(directory, {}, [])
    overlay = tree / "overlays/shared"
    overlay.mkdir()
    (overlay / "kustomization.yaml").write_text(OVERLAY)
    return directory


def write(directory: Path, more: dict[str, Any], objects: list[Any]) -> None:
    (directory / "more.yaml").write_text(yaml.safe_dump_all(objects) if objects else "")
    head = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
    resources = ["domains.yaml", *(["more.yaml"] if objects else [])]
    (directory / "kustomization.yaml").write_text(yaml.safe_dump({**head, "resources": resources, **more}))


@pytest.mark.parametrize("what", TEAMS)
def test_it_is_an_error_of_the_build_or_of_verify(what: str, run: Run, team: Path) -> None:
    overlay = team.parents[1] / "overlays/shared"
    assert run("verify", overlay).code == 0
    write(team, *TEAMS[what])
    outcome = run("verify", "-o", "json", overlay)
    assert outcome.code in (1, 2), outcome.out
    if outcome.code == 1:
        assert [one for one in json.loads(outcome.out)[0]["findings"] if one["severity"] == "error"]
