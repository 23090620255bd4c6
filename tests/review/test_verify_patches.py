"""`verify` on the file of a patch alone, as the pre-commit hook runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from command import Run

if TYPE_CHECKING:
    from pathlib import Path

PATCH = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: egress-domains\n"
LABELLED = PATCH + "  labels: {egress-overlays.dev/set: default}\n"
NULL = "data:\n  documentation: null\n"
NAMES = "  operations: |\n    events.example.com\n"


@pytest.mark.parametrize("head", [PATCH, LABELLED], ids=["no label", "label"])
@pytest.mark.parametrize("names", ["", NAMES], ids=["null alone", "null and names"])
def test_a_patch_that_removes_a_group_is_fine(head: str, names: str, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "egress-domains.yaml"
    file.write_text(head + NULL + names)
    outcome = run("verify", file)
    assert (outcome.code, outcome.err) == (0, ""), outcome.out
    assert outcome.out == f"{file}: {'1 name' if names else '0 names'} in ConfigMaps alone: fine\n"


def test_a_wrong_name_beside_a_removed_group_is_found(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "egress-domains.yaml"
    file.write_text(LABELLED + NULL + NAMES.replace("events", "*"))
    assert run("verify", file).code == 0
    file.write_text(LABELLED + NULL + NAMES.replace("events.", "https://"))
    outcome = run("verify", file)
    assert outcome.code == 1
    assert f"{file}:9: error:" in outcome.out


@pytest.mark.parametrize("data", ["", "data:\n  g: 5\n", 'data:\n  g: ""\n'])
def test_a_list_without_a_name_is_still_found(data: str, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "egress-domains.yaml"
    file.write_text(LABELLED + data)
    assert run("verify", file).code == 1
