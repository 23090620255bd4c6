"""What the gateway's manifests name and is not there: Kustomize renames objects, and not who names them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

BUILD = ("kustomize", "build", "--enable-alpha-plugins", "--enable-exec")
GATEWAY, SERVICE = "names the Gateway istio-egress/sni-egressgateway", "names the Service egressgateway.istio-egress"
TRANSFORMERS = {
    "namePrefix: blue-": [GATEWAY, GATEWAY, SERVICE],
    "nameSuffix: -x": [GATEWAY, GATEWAY, SERVICE],
    "namespace: other": [GATEWAY, GATEWAY, SERVICE],
    "labels: [{pairs: {istio: mine}, includeSelectors: true}]": ["selects istio=sni-egressgateway"] * 2,
}


def dangling(run: Run, file: Path) -> list[str]:
    found = json.loads(run("verify", "-o", "json", file).out)[0]["findings"]
    assert all(one["severity"] == "error" for one in found if one["rule"] == "dangling")
    return [one["message"] for one in found if one["rule"] == "dangling"]


@pytest.mark.parametrize("transformer", TRANSFORMERS)
def test_what_a_transformer_takes_apart_is_an_error(transformer: str, run: Run, tree: Path, tmp_path: Path) -> None:
    overlay = tree / "overlays/renamed"
    overlay.mkdir()
    (overlay / "kustomization.yaml").write_text(f"{transformer}\nresources: [../prod]\n")
    file = tmp_path / "out.yaml"
    file.write_text(subprocess.run([*BUILD, overlay], capture_output=True, text=True, check=True).stdout)
    said = dangling(run, file)
    assert len(said) == len(TRANSFORMERS[transformer])
    for message, start in zip(said, TRANSFORMERS[transformer], strict=True):
        assert message.startswith(start)


def of(documents: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(one for one in documents if one["kind"] == kind and one["metadata"]["name"] != "default")


CHANGES: dict[str, tuple[Callable[[list[dict[str, Any]]], object], str]] = {
    "the EnvoyFilter elsewhere": (
        lambda all_: of(all_, "EnvoyFilter")["metadata"].update(namespace="elsewhere"),
        "selects istio=sni-egressgateway in the namespace elsewhere",
    ),
    "a subset": (
        lambda all_: of(all_, "DestinationRule")["spec"]["subsets"][0].update(name="other"),
        "names the subset wildcard of egressgateway.istio-egress",
    ),
    "the pods of the Service": (
        lambda all_: of(all_, "Service")["spec"].update(selector={"app": "other"}),
        "selects app=other in the namespace istio-egress",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_not_there_is_named(what: str, run: Run, rendered: Callable[[str], Path]) -> None:
    change, start = CHANGES[what]
    file = rendered("prod")
    documents = list(yaml.safe_load_all(file.read_text()))
    assert dangling(run, file) == []
    change(documents)
    file.write_text(yaml.safe_dump_all(documents))
    (said,) = dangling(run, file)
    assert said.startswith(start)


def test_a_kind_of_which_nothing_is_at_hand_is_not_looked_at(run: Run, rendered: Callable[[str], Path]) -> None:
    file = rendered("prod")
    few = ("VirtualService", "ServiceEntry", "EnvoyFilter")
    documents = [one for one in yaml.safe_load_all(file.read_text()) if one["kind"] in few]
    file.write_text(yaml.safe_dump_all(documents))
    assert dangling(run, file) == []
