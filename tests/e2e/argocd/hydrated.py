"""An Application whose source is hydrated first, and the repository with the branches that come of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mesh.processes import eventually

from argocd.application import Application
from argocd.repository import IDENTITY, Repository

if TYPE_CHECKING:
    from pathlib import Path

NEXT, SYNCED = "rendered/staging-next", "rendered/staging"


class Branches(Repository):
    """A clone that pushes main with every commit, by the server's own directory: no account stands in between."""

    def __init__(self, directory: Path, remote: Path, form: str) -> None:
        self._remote = remote
        super().__init__(directory, form)

    def commit(self, message: str) -> str:
        """Commits everything, pushes main and returns the commit."""
        head = super().commit(message)
        self.git("push", "--quiet", str(self._remote), "main")
        return head

    def head_of(self, branch: str) -> str:
        """The commit of a branch at the server; empty while there is none."""
        return self.git("ls-remote", str(self._remote), f"refs/heads/{branch}").partition("\t")[0]

    def files(self, branch: str) -> dict[str, str]:
        """Every file of a branch at the server."""
        self.git("fetch", "--quiet", str(self._remote), branch)
        names = self.git("ls-tree", "-r", "--name-only", "FETCH_HEAD").splitlines()
        return {name: self.git("show", f"FETCH_HEAD:{name}") for name in names}

    def merge(self) -> str:
        """What the button of a pull request does: a merge commit on the branch that is synced, which it returns."""
        return self._merge("--no-ff", "-m", "Merge pull request")

    def squash(self) -> str:
        """The other button, and then the one that deletes the branch."""
        merged = self._merge("--squash")
        self.git("push", "--quiet", "--delete", str(self._remote), NEXT)
        return merged

    def _merge(self, *how: str) -> str:
        self.git(
            "fetch", "--quiet", str(self._remote), *(f"+refs/heads/{one}:refs/merged/{one}" for one in (NEXT, SYNCED))
        )
        self.git("checkout", "--quiet", "--detach", f"refs/merged/{SYNCED}")
        self.git(*IDENTITY, "merge", "--quiet", *how, f"refs/merged/{NEXT}")
        if self.git("status", "--porcelain"):
            self.git(*IDENTITY, "commit", "--quiet", "-m", "Squash pull request")
        self.git("push", "--quiet", str(self._remote), f"HEAD:refs/heads/{SYNCED}")
        self.git("checkout", "--quiet", "main")
        return self.head_of(SYNCED)


class Hydrated(Application):
    """An Application with a source hydrator."""

    def _operation(self) -> dict[str, Any]:
        """Asks for a hydration and waits until it was carried out; the operation then."""
        annotation = "argocd.argoproj.io/hydrate"
        self._kubectl("annotate", "--overwrite", f"{annotation}=normal")

        def done() -> dict[str, Any]:
            found = self._get()
            assert annotation not in found["metadata"].get("annotations", {})
            operation: dict[str, Any] = found["status"]["sourceHydrator"]["currentOperation"]
            assert operation["phase"] != "Hydrating"
            return operation

        return eventually(done, within=90, what=f"the hydration of {self.name}")

    def hydrate(self, dry: str) -> str:
        """Has a commit hydrated; the commit that came of it."""

        def seen() -> str:
            operation = self._operation()
            assert operation["phase"] == "Hydrated", operation
            assert operation["drySHA"] == dry, operation
            hydrated: str = operation["hydratedSHA"]
            return hydrated

        return eventually(seen, within=90, what=f"{self.name} is hydrated from {dry}")

    def hydration_error(self) -> str:
        """Asks for a hydration, which fails, and returns why."""

        def seen() -> str:
            operation = self._operation()
            assert operation["phase"] == "Failed", operation
            message: str = operation["message"]
            return message

        return eventually(seen, within=90, what=f"{self.name} is not hydrated")
