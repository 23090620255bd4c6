"""A repository of somebody's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from laid_down import git

BESIDE = Path(sys.executable).parent


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of somebody's, which is the working directory."""
    directory = tmp_path_factory.mktemp("repository")
    monkeypatch.chdir(directory)
    monkeypatch.setenv("PATH", f"{BESIDE}:{os.environ['PATH']}")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "x")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "x@example.com")
    git("init", "-q", "-b", "trunk")
    git("remote", "add", "origin", "https://me:a-secret-token@github.com/Acme/Platform.git")
    return directory
