"""A CI runner's checkout of a repository that `egress-overlays init` has begun."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

from documents import block
from flux.installation import GIT
from github import run_job

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DOCUMENT = "docs/gitops.md"
REMOTE = "platform/egress"
DOMAINS = "egress/overlays/staging/domains.yaml"


class Checkout:
    """The working tree of `main`, with the environment of the runner that it stands on."""

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        self.directory = directory
        self.environ = {**environ, "HOME": str(directory.parent)}
        directory.mkdir()
        self.documented("repository")
        self.run("git", "init", "--quiet", "--initial-branch=main")
        self.run("git", "remote", "add", "origin", f"https://{GIT}/{REMOTE}")
        self.first = self.commit("Start")

    def documented(self, *names: str) -> None:
        """Runs command blocks of the document, one after the other in one shell."""
        found = [block(DOCUMENT, name) for name in names]
        done = replace(found[0], text="".join(one.text for one in found)).run(self.directory, self.environ)
        assert done.returncode == 0, done.stderr + done.stdout

    def run(self, *command: str) -> str:
        """Runs a command here and returns its stdout."""
        done = subprocess.run(
            command, cwd=self.directory, env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr}{done.stdout}"
        return done.stdout

    def add(self, *names: str) -> None:
        """Adds names to staging's list, right or wrong."""
        self.replace(DOMAINS, "    api.example.com\n", "".join(f"    {name}\n" for name in ("api.example.com", *names)))

    def replace(self, path: str, old: str, new: str) -> None:
        """Replaces a text that must be there."""
        file = self.directory / path
        text = file.read_text()
        assert old in text, f"{path}: {old!r}"
        file.write_text(text.replace(old, new))

    def commit(self, message: str) -> str:
        """Commits and pushes the sources; the commit."""
        self.run("git", "add", "egress")
        self.run("git", "-c", "user.name=e2e", "-c", "user.email=e2e@example.com", "commit", "-qm", message)
        self.run("git", "push", "--quiet", "origin", "main")
        return self.head

    @property
    def head(self) -> str:
        """The commit that is checked out."""
        return self.run("git", "rev-parse", "HEAD").strip()

    def rendered(self) -> list[str]:
        """The commits of the branch that holds what was rendered, the newest first."""
        self.run("git", "fetch", "--quiet", "origin", "rendered")
        return self.run("git", "rev-list", "FETCH_HEAD").split()

    def restore(self) -> None:
        """Goes back to how it started."""
        self.run("git", "rm", "-rq", "--force", "egress")
        self.run("git", "checkout", self.first, "--", "egress")
        if self.run("git", "status", "--porcelain", "--untracked-files=no"):
            self.commit("Restore")

    def job(
        self, replaced: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """What GitHub does after a push: the job of deploy/flux/ci.yaml for staging, with parts of it replaced."""
        runner = {
            "GITHUB_SERVER_URL": f"https://{GIT}",
            "GITHUB_REPOSITORY": REMOTE,
            "GITHUB_SHA": self.head,
        }
        everything = {**self.environ, **runner, **(environ or {})}
        texts = {"${{ matrix.overlay }}": "staging", **(replaced or {})}
        return run_job("deploy/flux/ci.yaml", "push", texts, self.directory / "egress", everything)
