"""The site of `make docs` leaves no page out."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

import quick_yaml as yaml
from tooling import tool_of

ROOT = Path(__file__).parents[2]


def test_every_page_stands_in_the_navigation_once() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    listed = [page for entry in config["nav"] for value in entry.values() for page in _pages(value)]
    docs = ROOT / "docs"
    pages = {page.relative_to(docs).as_posix() for page in docs.rglob("*.md")}
    assert sorted(listed) == sorted({"index.md", *pages})


def _pages(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_what_a_page_links_to_is_shown_and_a_page_of_matrix_works_there() -> None:
    """The site's copy of a file that a page links to: HTML stays HTML, a script becomes text."""
    pytest.importorskip("mkdocs", reason="NOT RUN: `make docs` brings mkdocs")
    hooks = tool_of("docs_hooks")
    page = SimpleNamespace(file=SimpleNamespace(src_uri="concepts.md"))
    text = hooks.on_page_markdown((ROOT / "docs/concepts.md").read_text(encoding="utf-8"), page=page)
    assert "(repository/tests/golden/commands/expected/matrix.html)" in text
    assert "(repository/components/steady-connections/README.md)" in text
    architecture = hooks.on_page_markdown("[x](../tools/fetch/component.py)", page=page)
    assert architecture == "[x](repository/tools/fetch/component.py.txt)"


def test_make_docs_fails_on_a_dead_link(tmp_path: Path) -> None:
    """The command of `make docs` on a site of one page."""
    pytest.importorskip("mkdocs", reason="NOT RUN: `make docs` brings mkdocs")
    command = subprocess.run(
        ["make", "-n", "--no-print-directory", "docs"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "mkdocs.yml").write_text("site_name: x\nvalidation: {links: {anchors: warn}}\n")
    (tmp_path / "docs").mkdir()
    for text, code in (("[dead](nowhere.md)", 1), ("[dead](#nowhere)", 1), ("# Here\n\n[alive](#here)", 0)):
        (tmp_path / "docs/index.md").write_text(text)
        done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode != 0, "nowhere" in done.stderr) == (bool(code), bool(code)), done.stderr
