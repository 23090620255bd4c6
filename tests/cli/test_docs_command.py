"""`docs`: the pages come with the command, and nothing that it says or lays down names a file that is not there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from command import Run, one_line
from working_tree import PARTS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = {file.relative_to(DOCS).with_suffix("").as_posix() for file in DOCS.rglob("*.md")}
PACKAGE = ROOT / "plugin/egress_overlays"
DOCSTRING = re.compile(r'^"""(.*?)"""', re.DOTALL | re.MULTILINE)
FILE = re.compile(r"docs/[\w-]+\.md")


def test_without_a_name_it_lists_every_page_with_its_title(run: Run) -> None:
    outcome = run("docs")
    assert (outcome.code, outcome.err) == (0, "")
    components = {f"components/{file.parent.name}" for file in ROOT.glob("components/*/README.md")}
    assert {line.split()[0] for line in outcome.out.splitlines()} == PAGES | components
    assert re.search(r"^gitops +GitOps", outcome.out, re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize("name", ["gitops", "gitops.md", "docs/gitops.md"])
def test_a_page_is_printed_with_links_that_its_reader_can_follow(name: str, run: Run) -> None:
    outcome = run("docs", name)
    text = (ROOT / "docs/gitops.md").read_text(encoding="utf-8")
    assert outcome.code == 0
    assert [line for line in outcome.out.splitlines() if "](" in line and "](http" not in line] == []
    pairs = list(zip(text.splitlines(), outcome.out.splitlines(), strict=True))
    assert [shown for written, shown in pairs if "](" not in written and shown != written] == []
    assert "Build the image (`egress-overlays docs install`), push it" in outcome.out


def test_links_of_every_page_lead_to_a_command_that_prints_it(run: Run) -> None:
    for page in sorted(line.split()[0] for line in run("docs").out.splitlines()):
        text = run("docs", page).out
        assert not re.search(r"\]\((?!https?:|mailto:)", re.sub(r"`[^`]*`", "", text)), page
        for named in re.findall(r"\(`egress-overlays docs (\S+)`\)", text):
            assert run("docs", named).code == 0, named
    assert "components/client-lists (`egress-overlays docs components/client-lists`)" in run("docs", "adopting").out
    assert "compact-registry" in run("docs", "components/compact-registry/README.md").out


def test_a_page_that_is_not_there_is_said_in_a_line(run: Run) -> None:
    assert "gitops" in one_line(run("docs", "gitop"), 2)
    assert "`egress-overlays docs` lists all" in one_line(run("docs", "../README"), 2)


def shown() -> dict[str, str]:
    """What a person gets to see: files that are laid down, and the text of modules but for comments on our own code."""
    laid = [file for top in (*PARTS, "deploy") for file in (ROOT / top).rglob("*")]
    texts = {
        str(file.relative_to(ROOT)): file.read_text(encoding="utf-8")
        for file in laid
        if file.is_file() and file.suffix != ".md" and not {"container", "conftest"} & set(file.parts)
    }
    for file in PACKAGE.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        is_help = file.parent == PACKAGE / "cli"
        texts[str(file.relative_to(ROOT))] = text if is_help else DOCSTRING.sub("", text)
    return texts


def test_nothing_names_a_file_of_docs_that_its_reader_may_not_have() -> None:
    # Comments in formats/ are for us.
    named = {
        (name, found)
        for name, text in shown().items()
        for line in text.splitlines()
        for found in FILE.findall(line)
        if "://" not in line and "formats/view.py" not in name and "/docs.py" not in name
    }
    assert named == set()


def test_every_page_that_is_named_is_there() -> None:
    named = {page for text in shown().values() for page in re.findall(r"`egress-overlays docs ([\w-]+)`", text)}
    assert {"install", "gitops", "formats", "differences-from-the-seed"} <= named
    assert named <= PAGES


def test_in_a_clone_the_kustomize_that_make_built_is_found(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = shutil.which("kustomize")
    assert program
    pins = (ROOT / "tools/versions.env").read_text(encoding="utf-8")
    version = re.search(r"^KUSTOMIZE_VERSION=(.*)$", pins, re.MULTILINE)
    assert version
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.chdir(ROOT)
    said = one_line(run("list", "overlays/dev"), 2)
    assert f"make -C {ROOT} render" in said
    built = tmp_path / f"egress-overlays/components/kustomize-{version[1]}"
    built.mkdir(parents=True)
    shutil.copy(program, built / "kustomize")
    outcome = run("list", "overlays/dev")
    assert outcome.code == 0, outcome.err
    assert "ghcr.io" in outcome.out
