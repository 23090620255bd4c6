"""The command run in this process, on copies of the directories that people have, with the real kustomize."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import command
import known_builds

if TYPE_CHECKING:
    from collections.abc import Callable

    from command import Run

ROOT = Path(__file__).parents[2]
PARTS = ("base", "base-ambient", "base-direct", "components", "overlays")


@cache
def _of_checkout() -> tuple[list[str], list[tuple[str, bytes]]]:
    """The directories and files that people work in, by their paths, read once: copying costs more than writing."""
    found = [path for name in PARTS for path in (ROOT / name, *(ROOT / name).rglob("*"))]
    directories = sorted(str(path.relative_to(ROOT)) for path in found if path.is_dir())
    return directories, [(str(path.relative_to(ROOT)), path.read_bytes()) for path in found if path.is_file()]


@pytest.fixture
def run() -> Run:
    return command.run


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that people could work in, which is the working directory too."""
    if shutil.which("kustomize") is None:
        pytest.fail("these tests build with the real kustomize, which is not on PATH: run them by `make test`")
    directories, files = _of_checkout()
    for name in directories:
        os.mkdir(f"{tmp_path}/{name}")  # noqa: PTH102 - some hundred in each of some hundred tests
    for name, content in files:
        with open(f"{tmp_path}/{name}", "wb") as file:  # noqa: PTH123 - likewise
            file.write(content)
    (tmp_path / "plugin").symlink_to(ROOT / "plugin")
    monkeypatch.chdir(tmp_path)
    known_builds.remember(monkeypatch)
    return tmp_path


@pytest.fixture
def rendered(tree: Path) -> Callable[[str], Path]:
    """Writes what an overlay builds to into a file of its own."""

    def render(name: str) -> Path:
        file = tree / f"{name}.yaml"
        file.write_bytes(known_builds.kustomized(tree / "overlays" / name, tree))
        return file

    return render


@pytest.fixture
def repository(tree: Path) -> Callable[..., str]:
    """The tree as a git repository with one commit; runs git."""
    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **{f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=tree, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    # A link to this checkout is no part of what people commit: the function stands in the tree itself.
    (tree / "plugin").unlink()
    (tree / "plugin").mkdir()
    for part in ("guard", "inject", "egress-overlays"):
        subprocess.run(["cp", "-R", f"{ROOT}/plugin/{part}", tree / "plugin"], check=True)
    (tree / "plugin/egress-overlays").write_text(
        f'#!/bin/sh\nexec {ROOT}/plugin/egress-overlays "$@"\n', encoding="utf-8"
    )
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "one")
    return git
