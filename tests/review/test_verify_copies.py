"""A patch by name after the function reaches the first object of a list, and not those that continue it."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

import quick_yaml as yaml

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

BUILD = ("kustomize", "build", "--enable-alpha-plugins", "--enable-exec")
INNER = """\
resources: [../../base, lists.yaml]
components: [../../components/client-lists]
transformers: [../../plugin/inject]
"""
PATCHES = {
    "a field": ("ServiceEntry", "/spec/exportTo", ["."], ['wildcard-1: has spec.exportTo[0] "*"']),
    "another field": ("ServiceEntry", "/spec/location", "MESH_INTERNAL", ["wildcard-1: has spec.location", "wild"]),
    "a label": ("VirtualService", "/metadata/labels/tier", "x", ["direct-wildcard-through-egress-gateway-for"]),
    "an annotation": ("ServiceEntry", "/metadata/annotations/argocd.argoproj.io~1sync-wave", "3", ["wildcard-"] * 2),
}


def configmap(name: str, count: int, clients: str = "") -> str:
    annotations = {"egress-overlays.dev/clients": clients} if clients else {}
    metadata = {"name": name, "labels": {"egress-overlays.dev/set": "default"}, "annotations": annotations}
    names = "".join(f"h{number}.{name}.example.com\n" for number in range(count))
    return yaml.safe_dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"names": names}})


@pytest.fixture
def overlay(tree: Path) -> Path:
    """An overlay with ServiceEntries `wildcard`, `wildcard-1` and one for the namespace shop."""
    directory = tree / "overlays/copied"
    directory.mkdir()
    (directory / "lists.yaml").write_text(configmap("all", 300) + "---\n" + configmap("shop", 3, "shop/*"))
    (directory / "kustomization.yaml").write_text(INNER)
    return directory


def copies(run: Run, directory: Path, file: Path) -> list[str]:
    file.write_text(subprocess.run([*BUILD, directory], capture_output=True, text=True, check=True).stdout)
    found = json.loads(run("verify", "-o", "json", file).out)[0]["findings"]
    return [f"{one['object'].partition('/')[2]}: {one['message']}" for one in found if one["rule"] == "copies"]


def patch(kind: str, path: str, value: object) -> str:
    name = {"ServiceEntry": "wildcard", "VirtualService": "direct-wildcard-through-egress-gateway"}[kind]
    operations = [{"op": "add", "path": path, "value": value}]
    return yaml.safe_dump({"patches": [{"target": {"kind": kind, "name": name}, "patch": yaml.safe_dump(operations)}]})


@pytest.mark.parametrize("what", PATCHES)
def test_a_patch_by_name_of_an_outer_layer(what: str, run: Run, overlay: Path, tmp_path: Path) -> None:
    kind, path, value, said = PATCHES[what]
    outer = overlay.parent / "outer"
    outer.mkdir()
    (outer / "kustomization.yaml").write_text("resources: [../copied]\n" + patch(kind, path, value))
    found = copies(run, outer, tmp_path / "out.yaml")
    assert len(found) == len(said), found
    for message, start in zip(found, said, strict=True):
        assert message.startswith(start)
        assert "does a patch by name reach one of them alone?" in message


@pytest.mark.parametrize("what", PATCHES)
def test_the_same_patch_before_the_function(what: str, run: Run, overlay: Path, tmp_path: Path) -> None:
    kind, path, value, _ = PATCHES[what]
    (overlay / "kustomization.yaml").write_text(INNER + patch(kind, path, value))
    assert copies(run, overlay, tmp_path / "out.yaml") == []


def test_what_tools_note_down_of_one_object(run: Run, overlay: Path, tmp_path: Path) -> None:
    assert copies(run, overlay, tmp_path / "out.yaml") == []
    documents = list(yaml.safe_load_all((tmp_path / "out.yaml").read_text()))
    for number, one in enumerate(documents):
        one["metadata"].update(uid=f"{number}", resourceVersion=f"{number}", generation=number)
        one["metadata"].setdefault("annotations", {})["argocd.argoproj.io/tracking-id"] = f"prod:{number}"
        one["status"] = {"observedGeneration": number}
    found = json.loads(run("verify", "-o", "json", "-", stdin=yaml.safe_dump_all(documents).encode()).out)[0]
    assert [one for one in found["findings"] if one["rule"] == "copies"] == []


def test_a_copy_without_its_first_one(run: Run, overlay: Path, tmp_path: Path) -> None:
    assert copies(run, overlay, tmp_path / "out.yaml") == []
    documents = list(yaml.safe_load_all((tmp_path / "out.yaml").read_text()))
    kept = [one for one in documents if one["metadata"]["name"] != "wildcard"]
    found = json.loads(run("verify", "-o", "json", "-", stdin=yaml.safe_dump_all(kept).encode()).out)[0]["findings"]
    assert {one["object"] for one in found if one["rule"] == "copies"} == {
        "ServiceEntry istio-system/wildcard-1",
        "ServiceEntry istio-system/wildcard-for.shop",
    }
