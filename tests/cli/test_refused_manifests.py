"""Manifests that are refused as kubectl reads them otherwise are refused by every command that looks at lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from command import one_line, run

if TYPE_CHECKING:
    from pathlib import Path

LIST = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, labels: {egress-overlays.dev/set: default}}\n"
    "data: {a: api.example.com}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: z}\nspec:\n  hosts: [api.example.com]\n"
    "  location: MESH_EXTERNAL\n  ports: [{number: 443, name: tls, protocol: TLS}]\n  resolution: DNS\n"
)
HIDDEN = "---\napiVersion: !x networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: y}\n"


@pytest.mark.parametrize("command", ["list", "check", "diff"])
def test_refused_manifests_are_not_read_as_another_format(command: str, tmp_path: Path) -> None:
    fine, refused = tmp_path / "fine.yaml", tmp_path / "refused.yaml"
    fine.write_text(LIST)
    refused.write_text(LIST + HIDDEN)
    arguments: dict[str, list[object]] = {"list": [], "check": ["api.example.com"], "diff": [fine]}
    before = arguments[command]
    assert run(command, *before, fine).code == 0
    assert "has the tag !x" in one_line(run(command, *before, refused), 2)
