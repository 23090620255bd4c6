"""Counts are in the singular where there is one, in everything that a command prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from egress_overlays.manifest.quantities import many

EXPECTED = Path(__file__).parent / "commands/expected"
_ONE = re.compile(r"(?<![\w.:/-])1 (?P<word>[a-z]+s)\b(?! of)")
_SINGULAR = {"is", "was", "differs", "opens", "closes", "has"}


@pytest.mark.parametrize("count", [0, 1, 2])
def test_many(count: int) -> None:
    assert many(count, "name") == {0: "0 names", 1: "1 name", 2: "2 names"}[count]
    assert many(count, "entry", "entries") == {0: "0 entries", 1: "1 entry", 2: "2 entries"}[count]


def test_nothing_says_1_names() -> None:
    files = [file for file in sorted(EXPECTED.iterdir()) if file.suffix in (".txt", ".md", ".html")]
    assert len(files) > 10
    for file in files:
        found = [match["word"] for match in _ONE.finditer(file.read_text())]
        assert [word for word in found if word not in _SINGULAR] == [], file.name
