"""docs/risks.md: its table is the classes, and its examples are accepted as it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from egress_overlays.names.risks import CLASSES

if TYPE_CHECKING:
    from command import Run

PAGE = (Path(__file__).parents[2] / "docs/risks.md").read_text(encoding="utf-8")


def test_the_table_is_that_of_the_classes() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert {name: (matter, instead) for name, matter, instead in rows} == CLASSES


def test_the_lines_of_the_page_are_accepted(run: Run, tmp_path: Path) -> None:
    (data,) = re.findall(r"```yaml\n(.+?)```", PAGE, re.DOTALL)
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {egress-overlays.dev/set: default}}\n"
    (tmp_path / "list.yaml").write_text(head + data)
    outcome = run("verify", "--strict", tmp_path / "list.yaml")
    assert (outcome.code, "2 accepted" in outcome.out) == (0, True)


def test_the_file_of_the_page_is_read(run: Run, tmp_path: Path) -> None:
    (line,) = re.findall(r"```text\n(.+?)```", PAGE, re.DOTALL)
    (tmp_path / "accepted.txt").write_text(line)
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {egress-overlays.dev/set: default}}\n"
    (tmp_path / "list.yaml").write_text(f"{head}data:\n  g: api.example.com\n")
    outcome = run("verify", "--accepted", tmp_path / "accepted.txt", tmp_path / "list.yaml")
    assert "accepts agreement (NET-13 until 2999-03-31), which is not found here; remove it" in outcome.out
