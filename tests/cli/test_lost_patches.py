"""Patches whose target is not there, as after a change of names: Kustomize skips them, `verify` says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import quick_yaml as yaml
from builds import COMPONENTS, overlay

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

OLD = {"kind": "EnvoyFilter", "name": "sni-magic"}


def found(run: Run, tree: Path, *targets: dict[str, str]) -> list[str]:
    """The messages about lost patches, with patches for these in overlays/dev."""
    file = tree / "overlays/dev/kustomization.yaml"
    content = yaml.safe_load(file.read_text())
    operation = json.dumps([{"op": "add", "path": "/metadata/annotations", "value": {"a": "b"}}])
    content["patches"] = [*content.get("patches", []), *({"target": one, "patch": operation} for one in targets)]
    file.write_text(yaml.safe_dump(content))
    outcome = run("verify", "-o", "json", "overlays/dev")
    (whole,) = json.loads(outcome.out)
    assert {one["severity"] for one in whole["findings"] if one["rule"] == "lost-patch"} <= {"warning"}
    return [one["message"] for one in whole["findings"] if one["rule"] == "lost-patch"]


def test_nothing_is_said_where_all_find_their_target(run: Run, tree: Path) -> None:
    assert found(run, tree, {"kind": "EnvoyFilter", "name": "sni-.*"}, {"kind": "Service"}) == []


@pytest.mark.parametrize(
    ("target", "known"),
    [
        (OLD, "istio-egress/sni-egressgateway"),
        ({"kind": "Gateway", "name": "egressgateway"}, "istio-egress/sni-egressgateway"),
        ({"kind": "DestinationRule", "name": "egressgateway", "namespace": "istio-system"}, "in istio-system"),
        ({"kind": "Deployment", "name": "istio-egressgateway"}, "istio-egress/sni-egressgateway"),
        ({"kind": "StatefulSet", "name": "x"}, "no StatefulSet"),
    ],
)
def test_each_that_finds_none_is_a_warning(target: dict[str, str], known: str, run: Run, tree: Path) -> None:
    (message,) = found(run, tree, target)
    assert message.startswith("overlays/dev/kustomization.yaml: ")
    assert f'"{target["name"]}"' in message
    assert known in message


def test_those_of_the_components_find_theirs(run: Run, tmp_path: Path) -> None:
    assert (
        "lost-patch" not in run("verify", "-o", "json", overlay(tmp_path.resolve(), COMPONENTS, ("a.example.com",))).out
    )


def test_a_name_from_before_a_prefix_is_found(run: Run, tree: Path) -> None:
    operation = json.dumps([{"op": "add", "path": "/metadata/annotations", "value": {"a": "b"}}])
    (tree / "outer").mkdir()
    target = {"kind": "ServiceAccount", "name": "istio-egressgateway"}
    patches = [{"target": target, "patch": operation}]
    content = {"resources": ["../overlays/dev"], "namePrefix": "x-", "patches": patches}
    (tree / "outer/kustomization.yaml").write_text(yaml.safe_dump(content))
    assert "lost-patch" not in run("verify", "-o", "json", "outer").out
