"""`diff --rev` reads trees as they were committed, whatever attributes, links and submodules are about."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from command import Run, one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEV = "overlays/dev/domains.yaml"


def opened(tree: Path, name: str) -> None:
    text = (tree / DEV).read_text()
    (tree / DEV).write_text(text + f"  more: |\n    {name}\n")


def commit(git: Callable[..., str]) -> None:
    git("add", "--all")
    git("commit", "--quiet", "-m", "x")


@pytest.mark.parametrize("attributes", ["* export-ignore", "*.yaml export-ignore", "overlays export-ignore"])
def test_what_an_archive_leaves_out_is_there(
    attributes: str, run: Run, tree: Path, repository: Callable[..., str]
) -> None:
    (tree / ".gitattributes").write_text(f"{attributes}\n")
    commit(repository)
    opened(tree, "opened.example.com")
    commit(repository)
    outcome = run("diff", "overlays/dev", "--rev", "HEAD~1..HEAD")
    assert (outcome.code, outcome.err) == (0, "")
    assert "opened.example.com" in outcome.out


def test_what_an_archive_rewrites_stays(run: Run, tree: Path, repository: Callable[..., str]) -> None:
    (tree / ".gitattributes").write_text("* export-subst\n")
    commit(repository)
    opened(tree, "opened.example.com # $Format:%H$")
    commit(repository)
    outcome = run("diff", "overlays/dev", "--rev", "HEAD~1..HEAD")
    assert "opened.example.com" in outcome.out
    assert "$Format:%H$" in outcome.out


def test_links_that_leave_the_tree_elsewhere_do_not_matter(
    run: Run, tree: Path, repository: Callable[..., str]
) -> None:
    (tree / "elsewhere").mkdir()
    (tree / "elsewhere/absolute").symlink_to("/etc/hostname")
    (tree / "elsewhere/outside").symlink_to("../../../outside")
    commit(repository)
    opened(tree, "opened.example.com")
    commit(repository)
    outcome = run("diff", "overlays/dev", "--rev", "HEAD~1..HEAD")
    assert outcome.code == 0, outcome.err
    assert "opened.example.com" in outcome.out


def test_an_index_in_the_environment_is_left_alone(
    run: Run, tree: Path, repository: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(tree, "opened.example.com")
    commit(repository)
    index = tree / ".git/index"
    before = index.read_bytes()
    monkeypatch.setenv("GIT_INDEX_FILE", str(index))
    assert "opened.example.com" in run("diff", "overlays/dev", "--rev", "HEAD~1..HEAD").out
    assert index.read_bytes() == before
    assert os.environ["GIT_INDEX_FILE"] == str(index)


def test_a_submodule_is_read_at_its_commit(run: Run, tree: Path, repository: Callable[..., str]) -> None:
    lists = tree.parent / f"{tree.name}-lists"
    lists.mkdir()
    (lists / "domains.yaml").write_text((tree / DEV).read_text())
    (lists / "kustomization.yaml").write_text("resources: [domains.yaml]\n")
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "x"]):
        repository("-C", str(lists), *words)
    repository("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(lists), "lists")
    (tree / "overlays/dev/kustomization.yaml").write_text(
        "resources: [../../base, ../../lists]\ntransformers: [../../plugin/inject]\n"
    )
    commit(repository)
    opened(tree / "lists/..", "unused.example.com")
    with (tree / "lists/domains.yaml").open("a") as file:
        file.write("  more: opened.example.com\n")
    for words in (["add", "--all"], ["commit", "--quiet", "-m", "y"]):
        repository("-C", str(tree / "lists"), *words)
    commit(repository)
    outcome = run("diff", "overlays/dev", "--rev", "HEAD~1..HEAD")
    assert outcome.code == 0, outcome.err
    assert "opened.example.com" in outcome.out


def test_an_overlay_that_is_a_link_out_of_the_repository_is_refused(
    run: Run, tree: Path, repository: Callable[..., str]
) -> None:
    (tree / "overlays/qa").symlink_to("/etc")
    commit(repository)
    (tree / "overlays/qa").unlink()
    assert "leaves the repository" in one_line(run("diff", "overlays/qa", "--rev", "HEAD..HEAD"), 2)
