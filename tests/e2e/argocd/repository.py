"""A git repository to sync from."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from argocd.rendered import ROOT

if TYPE_CHECKING:
    from pathlib import Path

IDENTITY = ("-c", "user.name=e2e", "-c", "user.email=e2e@example.com")
OVERLAYS = ("dev", "staging", "prod")
PLUGIN = ("guard", "inject", "inject-installed", "inject-legacy")


class Repository:
    """A git repository with base/, components/ and overlays/ that run the installed function, as `init` makes them."""

    def __init__(self, directory: Path, form: str = "inject-installed") -> None:
        self.directory = directory
        for name in ("base", "components", "overlays", *(f"plugin/{part}" for part in PLUGIN)):
            shutil.copytree(ROOT / name, directory / name)
        for overlay in OVERLAYS:
            self.edit(f"overlays/{overlay}/kustomization.yaml", "plugin/inject\n", f"plugin/{form}\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.head = self.commit("Start")

    def edit(self, path: str, old: str, new: str) -> None:
        """Replaces a text that must be there."""
        file = self.directory / path
        text = file.read_text()
        assert old in text, f"{path}: {old!r}"
        file.write_text(text.replace(old, new))

    def commit(self, message: str) -> str:
        """Commits everything and returns the commit."""
        self.git("add", "--all")
        self.git(*IDENTITY, "commit", "--quiet", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def restore(self) -> str:
        """Goes back to how it started, as one more commit."""
        self.git("rm", "-rq", "--ignore-unmatch", ".")
        self.git("checkout", self.head, "--", ".")
        return self.commit("Restore") if self.git("status", "--porcelain") else self.git("rev-parse", "HEAD").strip()

    def git(self, *arguments: str) -> str:
        """Runs git in the working tree and returns its stdout."""
        command = ["git", "-C", str(self.directory), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
