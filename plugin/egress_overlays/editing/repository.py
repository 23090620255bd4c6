"""The git repository that a tree stands in: its root, where it is fetched from, and its main branch."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_HTTPS = re.compile(r"(https?://)(?:[^@/\s]*@)?([A-Za-z0-9.-]+(?::\d+)?/[A-Za-z0-9._~/-]+)")
_SSH = re.compile(r"ssh://(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9.-]+(?::\d+)?/[A-Za-z0-9._~/-]+")
_SCP = re.compile(r"([A-Za-z0-9._-]+@[A-Za-z0-9.-]+):([A-Za-z0-9._~-][A-Za-z0-9._~/-]*)")


class Repository(NamedTuple):
    """`url` and `branch` are "" where git does not say them, or says what no manifest should hold."""

    root: Path
    url: str
    branch: str


def repository_of(directory: Path) -> Repository | None:
    """The repository that `directory` lies in, or will; None where there is none."""
    directory = directory.resolve()
    root = next((above for above in (directory, *directory.parents) if (above / ".git").exists()), None)
    if root is None:
        return None
    remote = _git(root, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/")
    branch = remote or _git(root, "symbolic-ref", "--quiet", "--short", "HEAD")
    url = _git(root, "config", "--get", "remote.origin.url")
    return Repository(root, fetchable(url), branch if _BRANCH.fullmatch(branch) else "")


def fetchable(url: str) -> str:
    """`url` as a cluster may fetch it, a password in it left out; "" for a path of this machine, or what is no URL."""
    if found := _HTTPS.fullmatch(url):
        return found[1] + found[2]
    return url if _SSH.fullmatch(url) or _SCP.fullmatch(url) else ""


def host_and_path(url: str) -> tuple[str, str]:
    """The host of what `fetchable` returned, and the path on it without `.git`; ("", "") for ""."""
    if found := _SCP.fullmatch(url):
        host, path = found[1], found[2]
    else:
        host, _, path = url.partition("://")[2].partition("/")
    return host.rpartition("@")[2].partition(":")[0].lower(), path.strip("/").removesuffix(".git")


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
