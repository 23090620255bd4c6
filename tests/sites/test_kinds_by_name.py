"""What fills, compares and verifies lists asks each kind's declaration, and knows no kind that holds one by name."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from builds import ROOT
from egress_overlays.sites import built_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGE = ROOT / "plugin/egress_overlays"
ASKING = ("function", "injection", "lists", "rendered", "review", "yamltext")
COMMANDS = ("check.py", "diff.py", "differing.py", "verify.py")
# What reads a live mesh, or weighs objects beside the lists, calls these by their kinds (docs/architecture.md).
OF_THE_MESH = (PACKAGE / "review/doctor", PACKAGE / "review/tightening.py")
FILES = [
    path
    for package in ASKING
    for path in sorted((PACKAGE / package).rglob("*.py"))
    if not any(map(path.is_relative_to, OF_THE_MESH))
] + [PACKAGE / "cli" / name for name in COMMANDS]
KINDS = {kind for _, kind in built_in()}


def named(source: str) -> Iterator[str]:
    """The kinds that stand in a source as a text of their own, and the declarations that it imports from a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and node.value in KINDS:
            yield str(node.value)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sites."):
            yield from (one.name for one in node.names if one.name.isupper() and one.name in DECLARED)


DECLARED = ("VIRTUAL_SERVICE", "SERVICE_ENTRY", "ENVOY_FILTER", "SITE", "NAMESPACED", "CLUSTERWIDE")


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_kind_that_holds_names_is_known_by_name(file: Path) -> None:
    assert list(named(file.read_text(encoding="utf-8"))) == []


def test_a_kind_would_be_found() -> None:
    assert list(named('if resource.kind == "EnvoyFilter":\n    pass\n')) == ["EnvoyFilter"]
    assert list(named("from ..sites.istio import BESIDE, SERVICE_ENTRY\n")) == ["SERVICE_ENTRY"]
