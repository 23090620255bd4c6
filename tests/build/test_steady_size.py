"""What components/steady-connections adds to the text of the EnvoyFilter, which people read in a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import quick_yaml as yaml
from builds import build, overlay

if TYPE_CHECKING:
    from pathlib import Path

NAMES = tuple(f"name{number}.example.org" for number in range(100))
SIXTEEN = """
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
- target: {kind: EnvoyFilter, name: sni-egressgateway}
  patch: |
    - {op: replace, path: /metadata/annotations/egress-overlays.dev~1chains, value: "16"}
"""


def rendered(directory: Path, *components: str) -> tuple[int, list[int]]:
    """The lines of the EnvoyFilter without those of the names, and the chains of each of its listeners."""
    directory.mkdir()
    made = overlay(directory, components, NAMES)
    if components:
        (directory / "sixteen").mkdir()
        (directory / "sixteen/kustomization.yaml").write_text(SIXTEEN)
        file = directory / "kustomization.yaml"
        value = yaml.safe_load(file.read_text())
        value["components"].insert(-1, "sixteen")  # the function is last
        file.write_text(yaml.safe_dump(value))
    (found,) = [one for one in build(made) if one["kind"] == "EnvoyFilter"]
    values = [one["patch"]["value"] for one in found["spec"]["configPatches"]]
    chains = [len(one["filter_chains"]) for one in values if "filter_chains" in one]
    return len(yaml.safe_dump(found).splitlines()) - len(NAMES), chains


def test_sixteen_chains_with_names_are_at_most_seven_tenths_more(tmp_path: Path) -> None:
    before, _ = rendered(tmp_path / "base")
    after, chains = rendered(tmp_path / "steady", "steady-connections")
    assert chains == [1, 16]
    assert after <= 1.7 * before, f"{after} lines, {before} without"
