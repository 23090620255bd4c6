"""Real builds, each once a run: what kustomize made of the same files is remembered, what it refused is not.

A build is known by the bytes of all files that it may read in the tests' own tree, its arguments and the environment.
This checkout, which links and paths of such a tree lead to, stays as it is while the tests run.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from egress_overlays.rendered import building, kustomize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
BUILD = ("kustomize", "build", "--enable-alpha-plugins", "--enable-exec")
_HERE = b"<the tree of this test>"
_KNOWN: dict[bytes, bytes] = {}
_shared: list[Path] = []


def share(directory: Path) -> None:
    """Remember builds in `directory`, too, for the other processes of the run."""
    directory.mkdir(exist_ok=True)
    _shared[:] = [directory]


def kustomized(directory: Path, root: Path | None = None) -> bytes:
    """What `kustomize build DIRECTORY` prints, which reads files of `root`; CalledProcessError where it fails."""
    # Resolved: kustomize compares paths after it has followed links.
    directory = directory.resolve()
    key = _digest((root or directory).resolve(), [directory], BUILD)
    if not (root or _leads_here_alone(directory)):
        return _built(directory)
    return _remembered(key, lambda: _built(directory))


def _built(directory: Path) -> bytes:
    return subprocess.run([*BUILD, str(directory)], capture_output=True, check=True).stdout


def _remembered(key: bytes, build: Callable[[], bytes]) -> bytes:
    """What is known by `key`; if nothing is, what `build` returns."""
    if key not in _KNOWN:
        file = _shared[0] / key.hex() if _shared else None
        if file is not None and file.exists():
            _KNOWN[key] = file.read_bytes()
        else:
            _KNOWN[key] = build()
            if file is not None:
                # In one step: another process sees all of it or none.
                with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as written:
                    written.write(_KNOWN[key])
                Path(written.name).replace(file)
    return _KNOWN[key]


def remember(patch: pytest.MonkeyPatch) -> None:
    """Let commands that are run in this process remember their builds."""
    patch.setattr(building, "build", _of_a_command)


def _of_a_command(directories: list[Path], *arguments: str) -> tuple[bytes, Path]:
    roots = {_root(directory.resolve()) for directory in directories}
    root = roots.pop()
    if roots or root is None:
        return kustomize.build(directories, *arguments)
    key = _digest(root, directories, arguments)

    def build() -> bytes:
        printed, wrapper = kustomize.build(directories, *arguments)
        return printed.replace(_from(wrapper, root), _HERE)

    printed = _remembered(key, build)
    # Origins are relative to the wrapper, which is gone after a build.
    wrapper = Path(tempfile.gettempdir()).resolve() / "egress-overlays-known"
    return printed.replace(_HERE, _from(wrapper, root)), wrapper


def _leads_here_alone(directory: Path) -> bool:
    """Whether what the files of `directory` read besides each other stands in this checkout."""
    texts = [file.read_text() for file in directory.rglob("*.yaml")]
    paths = [directory / found for text in texts for found in re.findall(r"(?:\.\./)+[^\s,\]}\"']*", text)]
    return all(path.resolve().is_relative_to(CHECKOUT) for path in paths)


def _from(wrapper: Path, root: Path) -> bytes:
    return os.path.relpath(root, wrapper).encode() + b"/"


def _root(directory: Path) -> Path | None:
    """The tree that a directory belongs to: where plugin/ and base/ stand; none in this checkout."""
    found = next((it for it in directory.parents if (it / "plugin").exists() and (it / "base").is_dir()), None)
    return None if found is None or found == CHECKOUT else found


def _digest(root: Path, directories: Sequence[Path], arguments: Sequence[str]) -> bytes:
    said = hashlib.sha256()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    said.update(repr((sorted(environ.items()), arguments)).encode())
    said.update(repr([os.path.relpath(it.resolve(), root) for it in directories]).encode())
    beside: dict[str, bytes] = {}
    read: list[bytes] = []
    for holder, inner, files in os.walk(root):
        inner[:] = sorted(name for name in inner if name not in (".git", "__pycache__"))
        for name in sorted([*files, *(name for name in inner if (Path(holder) / name).is_symlink())]):
            file = Path(holder, name)
            content = str(file.readlink()).encode() if file.is_symlink() else file.read_bytes()
            if file.parent == root and not file.is_symlink():
                beside[name] = content
                continue
            read.append(content)
            said.update(repr((os.path.relpath(file, root), len(content))).encode() + content)
    # What a test keeps at the top of its tree is not read, unless a file below names it or the top is built itself.
    is_built = any(name.casefold().startswith("kustomiz") for name in beside)
    for name, content in beside.items():
        if is_built or any(name.encode() in text for text in read):
            said.update(repr((name, len(content))).encode() + content)
    return said.digest()
