"""Each diagram is of its text, says in words what it shows, and stands in a page with the same words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tooling import tool_of

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "docs/diagrams").glob("*.d2"))
IMAGE = re.compile(r"!\[([^\]]*)\]\(diagrams/([^)]+)\)")


@pytest.fixture(scope="module")
def tool() -> Any:
    return tool_of("diagrams")


def test_there_is_an_svg_for_each_text_and_nothing_else() -> None:
    assert len(SOURCES) >= 3
    names = {path.name for path in (ROOT / "docs/diagrams").iterdir()}
    assert names == {path.stem + ending for path in SOURCES for ending in (".d2", ".svg")}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_the_svg_is_of_this_text_and_says_it_in_words(source: Path, tool: Any) -> None:
    about = tool.read(source)
    text = source.with_suffix(".svg").read_text(encoding="utf-8")
    assert f"<!-- {about.mark} -->" in text, f"{source.name} has changed since it was drawn: make diagrams"
    root = ET.fromstring(text)  # noqa: S314 - our own file
    assert root.get("role") == "img"
    assert [child.tag.rpartition("}")[2] for child in root[:2]] == ["title", "desc"]
    assert [child.text for child in root[:2]] == [about.title, about.words]
    assert len(about.words) > 100
    # Nothing is fetched as it is looked at.
    assert not re.search(r"(?:href|src)=\"https?:|url\(['\"]?https?:", text)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_page_shows_it_with_the_same_words(source: Path, tool: Any) -> None:
    about = tool.read(source)
    shown = [
        alt
        for page in (ROOT / "docs").glob("*.md")
        for alt, name in IMAGE.findall(page.read_text(encoding="utf-8"))
        if name == f"{source.stem}.svg"
    ]
    assert shown == [f"{about.title}. {about.words}"]
