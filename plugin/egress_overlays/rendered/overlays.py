"""Which directories below one are overlays: kustomizations that run the function themselves."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..manifest.resource import KIND
from .tree import KUSTOMIZATIONS, kustomization_of, paths_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_SKIPPED = {"node_modules", "vendor", "__pycache__"}


def overlays(top: Path) -> list[str]:
    """The overlays in `top` and below it, as paths relative to it, sorted."""
    seen: dict[Path, bool] = {}
    return sorted(str(file.parent.relative_to(top)) for file, said in _kustomizations(top) if _runs(file, said, seen))


def matches(path: str, pattern: str) -> bool:
    """Whether the overlay `path` is meant by `pattern`: a path, a glob, or `DIR/...` for all in DIR and below it."""
    pattern = os.path.normpath(pattern.removesuffix("/"))
    if pattern == "..." or pattern.endswith("/..."):
        pattern = pattern.removesuffix("...").rstrip("/") or "."
        return pattern in (".", path) or path.startswith(f"{pattern}/")
    return fnmatchcase(path, pattern)


def is_pattern(path: str) -> bool:
    """Whether `path` stands for overlays that are to be found."""
    return path == "..." or path.endswith("/...") or any(char in path for char in "*?[")


def _kustomizations(top: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for directory, below, files in os.walk(top):
        below[:] = [name for name in below if not name.startswith(".") and name not in _SKIPPED]
        for name in KUSTOMIZATIONS:
            if name in files:
                file = Path(directory, name)
                yield file, kustomization_of(file)
                break


def _runs(file: Path, said: dict[str, Any], seen: dict[Path, bool]) -> bool:
    """Whether it is no component, and a transformer or component of its own is our function."""
    if said.get("kind", "Kustomization") != "Kustomization":
        return False
    return any(_is_function(path, seen) for path in paths_of(file, said, ("transformers", "components")))


def _is_function(path: Path, seen: dict[Path, bool]) -> bool:
    """Whether `path` is the function's configuration, or a directory that brings it."""
    path = path.resolve()
    if path not in seen:
        seen[path] = False  # a circle ends here
        if path.is_file():
            seen[path] = _configures(path.read_bytes())
        else:
            files = [path / name for name in KUSTOMIZATIONS if (path / name).is_file()][:1]
            fields = ("transformers", "components", "resources")
            below = [one for file in files for one in paths_of(file, kustomization_of(file), fields)]
            seen[path] = any(_is_function(one, seen) for one in below)
    return seen[path]


def _configures(text: bytes) -> bool:
    return b"egress-overlays" in text and (b"config.kubernetes.io/function" in text or KIND.encode() in text)
