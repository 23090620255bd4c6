"""Real builds: a copy of what a user has checked out, the pinned kustomize and kubectl on PATH (`make test`)."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from building import Tree

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def programs() -> None:
    """Without them there is nothing to test; never skipped."""
    for program in ("kustomize", "kubectl"):
        assert shutil.which(program), f"{program} is not on PATH; run `make test`"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """The checkout's manifests and plugin in a directory of the test's own, over the packages of this Python."""
    root = tmp_path / "checkout"
    for name in ("base", "components", "overlays", "plugin"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    (root / ".venv").symlink_to(sys.prefix)
    return Tree(root)
