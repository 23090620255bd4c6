"""`verify` of lists that allow their set to be empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from live import verified

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

EMPTY = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: mine
  labels: {egress-overlays.dev/set: default}
  annotations:
    egress-overlays.dev/allow-empty: "true"
data:
  partners: ""
"""


@pytest.fixture
def overlay(tree: Path) -> Path:
    """An overlay as of `init`, whose names stand in a component alone."""
    directory = tree / "overlays/lab"
    directory.mkdir()
    (directory / "domains.yaml").write_text(EMPTY)
    (directory / "kustomization.yaml").write_text(
        "resources: [../../base, domains.yaml]\ncomponents: [../../components/domains-common]\n"
        "transformers: [../../plugin/inject]\n"
    )
    return directory


@pytest.mark.usefixtures("overlay")
def test_an_allowance_of_a_set_that_has_names_is_stale(run: Run) -> None:
    (found,) = verified(run, "overlays/lab")
    assert (found["rule"], found["severity"]) == ("allow-empty", "warning")
    assert (found["file"], found["line"]) == ("overlays/lab/domains.yaml", 7)
    assert "were its names lost" in found["message"]
    assert run("verify", "--strict", "overlays/lab").code == 1


def test_one_of_a_set_without_names_is_not(run: Run, overlay: Path) -> None:
    file = overlay / "kustomization.yaml"
    file.write_text(file.read_text().replace("components: [../../components/domains-common]\n", ""))
    assert {one["rule"] for one in verified(run, "overlays/lab")} == {"deny-all"}
