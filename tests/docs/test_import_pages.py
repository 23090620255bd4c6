"""docs/import: a page for each format of `import`, whose files give what it shows (`make golden` writes it anew)."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from command import Run
from egress_overlays.foreign import FORMATS
from golden import check

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted((DOCS / "import").glob("*.md"))
FILE = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"^```console\n\$ egress-overlays (.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_format_has_a_page_and_a_row() -> None:
    assert {page.stem for page in PAGES} == {*FORMATS, "at"}
    rows = (DOCS / "formats.md").read_text(encoding="utf-8")
    for page in PAGES:
        assert f"](import/{page.name})" in rows


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_it_gives_what_the_page_shows(
    page: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.search(r"^Source: \S", text, re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    for name, content in FILE.findall(text):
        (tmp_path / name).write_text(content)
    (line,) = (words for words, _ in SHOWN.findall(text))
    words = shlex.split(line)
    outcome = run(*words)
    said = SHOWN.sub(lambda _: f"```console\n$ egress-overlays {line}\n{outcome.out}{outcome.err}```", text)
    check(page, said, write=pytestconfig.getoption("--write-golden"))
    # The format is told by the file, and with its clients the list reaches what the files reach, by `diff`.
    if page.stem not in ("at", "plain"):
        assert run(words[0], "--from", page.stem, *words[1:]).out == outcome.out
        (tmp_path / "list.yaml").write_text(run(words[0], "--clients", *words[1:]).out)
        files = [word for word in words[1:] if not word.startswith("-")]
        one = files[0]
        if len(files) > 1:
            one = "all"
            (tmp_path / one).mkdir()
            for name in files:
                (tmp_path / name).rename(tmp_path / one / name)
        done = run("diff", "--exit-code", one, "list.yaml")
        assert done.code == 0, done.out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)\s#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).resolve().is_file(), target


def test_the_command_prints_them(run: Run) -> None:
    assert "\nimport/squid " in run("docs").out
    for name in ("import/squid", "docs/import/squid.md"):
        assert run("docs", name).out.startswith("# Squid\n")
