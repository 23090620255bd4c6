"""The site of `make docs` leaves no page out."""

from __future__ import annotations

from pathlib import Path

import quick_yaml as yaml

ROOT = Path(__file__).parents[2]


def test_every_page_stands_in_the_navigation_once() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    listed = [page for entry in config["nav"] for value in entry.values() for page in _pages(value)]
    docs = ROOT / "docs"
    pages = {page.relative_to(docs).as_posix() for page in docs.rglob("*.md")}
    assert sorted(listed) == sorted({"index.md", *pages})


def _pages(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
