"""The overlays of the guides from one way out to another build, and `verify` says of them what the guide says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import command
import quick_yaml as yaml
from builds import ROOT, build
from documents import block

if TYPE_CHECKING:
    from pathlib import Path

DOMAINS = (ROOT / "tests/e2e/ways/moving/lists/domains.yaml").read_text()
STEPS = {
    "docs/ambient.md": {"gateway": (0, 0), "both": (1, 1), "ambient": (0, 1)},
    "docs/envoy-gateway.md": {"gateway": (0, 0), "both": (0, 1), "envoy-gateway": (0, 1)},
}
"""Of each step the errors and warnings of `verify`."""


@pytest.mark.parametrize(("page", "step"), [(page, step) for page, steps in STEPS.items() for step in steps])
def test_a_step_builds_and_verify_says_of_it_what_the_guide_says(tmp_path: Path, page: str, step: str) -> None:
    for part in ("base", "base-ambient", "components", "deploy", "plugin"):
        (tmp_path / part).symlink_to(ROOT / part)
    overlay = tmp_path / "overlays/prod"
    (overlay / "waypoint").mkdir(parents=True)
    (overlay / "kustomization.yaml").write_text(block(page, step).text)
    (overlay / "domains.yaml").write_text(DOMAINS)
    if page == "docs/ambient.md":
        (overlay / "waypoint/kustomization.yaml").write_text(block(page, "waypoint").text)
    file = tmp_path / "rendered.yaml"
    file.write_text(yaml.safe_dump_all(build(overlay)))
    said = command.run("verify", file).out
    assert (said.count("error: "), said.count("warning: ")) == STEPS[page][step], said
    assert ("error: Gateway istio-egress/egress, kind: is a Gateway" in said) == (STEPS[page][step][0] == 1)
