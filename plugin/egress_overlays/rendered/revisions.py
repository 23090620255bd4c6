"""Trees of git revisions, laid out beside the working tree, which stays as it is."""

from __future__ import annotations

import io
import subprocess
import tarfile
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


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
        archive = _run("archive", "--format=tar", commit, cwd=repository).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(made, filter="data")
        yield Path(made).resolve(), Path(made).resolve() / inside.relative_to(repository.resolve())


def top(path: str) -> Path:
    """The top of the repository that `path` is in; raises UnknownRevision."""
    return Path(_git("rev-parse", "--show-toplevel", cwd=_near(path)))


def _near(path: str) -> Path:
    """The closest directory to `path` that exists: git is asked there, not where the command was started."""
    there = Path(path).resolve()
    return next(directory for directory in (there, *there.parents) if directory.is_dir())


def _git(*arguments: str, cwd: Path, what: str = "") -> str:
    done = _run(*arguments, cwd=cwd)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0].removeprefix("fatal: ")
        raise UnknownRevision(f"git knows no revision {what!a}" if what else f"git: {said}")
    return done.stdout.decode().strip()


def _run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *arguments], capture_output=True, cwd=cwd, check=False)
    except FileNotFoundError:
        raise UnknownRevision("git is not on PATH; install it, or compare two rendered files") from None
