"""Trees of git revisions, laid out beside the working tree, which stays as it is."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OF_HOOKS = ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE")


class UnknownRevision(ValueError):  # noqa: N818 - named after its concept
    """A revision or a path that git does not know: one line for a person."""


def pair(text: str, path: str) -> tuple[str, str]:
    """The two revisions of `R1..R2`, `R1...R2` (from where they parted) or `R1` (to the working tree, "").

    They are those of the repository that `path` is in. Raises UnknownRevision.
    """
    if "..." in text:
        one, _, other = text.partition("...")
        parted = _git("merge-base", "--", one or "HEAD", other or "HEAD", cwd=_near(path))
        return parted, other or "HEAD"
    one, dots, other = text.partition("..")
    return one or "HEAD", (other or "HEAD") if dots else ""


@contextmanager
def at(revision: str, path: str) -> Iterator[tuple[Path, Path]]:
    """`path` (of the working tree) as it was in `revision`, after the directory that stands for the repository's.

    "" is the working tree itself. What is yielded need not exist. Raises UnknownRevision.
    """
    if not revision:
        yield Path(), Path(path)
        return
    near, repository = _near(path), top(path)
    inside = Path(path).resolve()
    if not inside.is_relative_to(repository.resolve()):
        raise UnknownRevision(f"{path} is not inside the git repository {repository}")
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    commit = _git(*words, cwd=near, what=revision)
    with TemporaryDirectory(prefix="egress-overlays-") as made:
        tree = Path(made).resolve() / "tree"
        _lay_out(repository, commit, tree, Path(made))
        place = tree / inside.relative_to(repository.resolve())
        if not place.resolve().is_relative_to(tree):
            raise UnknownRevision(f"{path} is a link in {revision} that leaves the repository: {place.resolve()}")
        yield tree, place


def _lay_out(repository: Path, commit: str, into: Path, beside: Path) -> None:
    """The files of `commit` as they were committed, in `into`, those of submodules that are at hand too.

    An index of its own (`beside`) leaves the repository's alone; `git archive` would leave out and rewrite what
    attributes name (export-ignore, export-subst). Links stay as they are. A submodule that is not there stays an empty
    directory, in which Kustomize finds nothing, and says so.
    """
    into.mkdir(parents=True, exist_ok=True)
    index = {"GIT_INDEX_FILE": str(beside / f"index-{commit}"), "GIT_WORK_TREE": str(into)}
    _git("read-tree", commit, cwd=repository, environment=index)
    _git("checkout-index", "--all", "--force", f"--prefix={into}/", cwd=repository, environment=index)
    for entry in _git("ls-files", "--stage", "-z", cwd=repository, environment=index).split("\0"):
        mode, _, rest = entry.partition(" ")
        if mode == "160000":
            pinned, path = rest[:40], rest.partition("\t")[2]
            if (repository / path / ".git").exists():
                _lay_out(repository / path, pinned, into / path, beside)


def top(path: str) -> Path:
    """The top of the repository that `path` is in; raises UnknownRevision."""
    return Path(_git("rev-parse", "--show-toplevel", cwd=_near(path)))


def lines_of(*arguments: str, near: str) -> list[str]:
    """What git says near the path `near`, "" for the working directory, by line; raises UnknownRevision."""
    return _git(*arguments, cwd=_near(near)).split("\n")


def _near(path: str) -> Path:
    """The closest directory to `path` that exists: git is asked there, not where the command was started."""
    there = Path(path).resolve()
    return next(directory for directory in (there, *there.parents) if directory.is_dir())


def _git(*arguments: str, cwd: Path, what: str = "", environment: Mapping[str, str] | None = None) -> str:
    done = _run(*arguments, cwd=cwd, environment=environment)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0].removeprefix("fatal: ")
        raise UnknownRevision(f"git knows no revision {what!a}" if what else f"git: {said}")
    return done.stdout.decode().strip()


def _run(
    *arguments: str, cwd: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    # A hook of git runs with its own index and work tree in the environment.
    ours = {name: value for name, value in os.environ.items() if name not in _OF_HOOKS}
    if environment:
        ours |= {"GIT_DIR": _run("rev-parse", "--absolute-git-dir", cwd=cwd).stdout.decode().strip(), **environment}
    try:
        return subprocess.run(["git", *arguments], capture_output=True, cwd=cwd, env=ours, check=False)
    except FileNotFoundError:
        raise UnknownRevision("git is not on PATH; install it, or compare two rendered files") from None
