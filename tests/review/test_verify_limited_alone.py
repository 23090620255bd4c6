"""Where every list is for some clients, the list for everybody is empty, and that is no fault."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

LIST = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  labels: {{egress-overlays.dev/set: default}}
  annotations: {{{annotations}}}
data: {{g: {host}}}
"""
SHOP = LIST.format(name="shop", annotations="egress-overlays.dev/clients: shop", host="api.stripe.com")
ALL = LIST.format(name="all", annotations="", host="everybody.example.com")
BUILD = ("kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "overlays/qa")


@pytest.fixture
def overlay(run: Run, tree: Path) -> Path:
    assert run("init", "overlays/qa").code == 0
    file = tree / "overlays/qa/kustomization.yaml"
    with_filter = "components: [../../components/client-lists]\ntransformers:"
    file.write_text(file.read_text().replace("transformers:", with_filter))
    return tree / "overlays/qa"


def test_lists_for_some_alone_are_fine(run: Run, overlay: Path) -> None:
    (overlay / "domains.yaml").write_text(SHOP)
    found = run("verify", "--strict", "overlays/qa")
    assert (found.code, found.err) == (0, ""), found.out


def test_a_placeholder_in_place_of_a_name_for_everybody_is_an_error(run: Run, overlay: Path, tree: Path) -> None:
    (overlay / "domains.yaml").write_text(f"{SHOP}---\n{ALL}")
    rendered = subprocess.run(BUILD, capture_output=True, text=True, check=True).stdout
    parts = rendered.split("---\n")
    lost = [
        part.replace("everybody.example.com", "egress-domains.invalid") if "kind: VirtualService" in part else part
        for part in parts
    ]
    assert lost != parts
    (tree / "lost.yaml").write_text("---\n".join(lost))
    found = run("verify", "lost.yaml")
    assert found.code == 1
    assert found.out.count('holds the placeholder "egress-domains.invalid" while other lists hold names') >= 2
