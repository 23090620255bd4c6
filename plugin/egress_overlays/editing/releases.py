"""The trees that `init` of earlier versions laid down, and which of them a tree was made from."""

from __future__ import annotations

import tarfile
from pathlib import Path

import yaml

from ..version import VERSION
from .scaffold import shipped_files

ARCHIVES = Path(__file__).parent / "released"
NOTE = ".egress-overlays.yaml"
"""Stands at the root of a tree; Kustomize does not read it."""

_NOTE = """\
# Which egress-overlays laid down the directories beside it; `egress-overlays upgrade` reads and writes this.
version: {version}
"""


def note(version: str = VERSION) -> bytes:
    """The text of NOTE."""
    return _NOTE.format(version=version).encode()


def released(version: str) -> dict[Path, bytes] | None:
    """The files of the tree of `version`, by path below its root; None for a version that is not known here."""
    if version == VERSION:
        return shipped_files()
    archive = ARCHIVES / f"{version}.tar.gz"
    if not archive.is_file():
        return None
    found = {}
    with tarfile.open(archive) as files:
        for entry in files:
            content = files.extractfile(entry)
            if content is not None:
                found[Path(entry.name)] = content.read()
    return found


def versions() -> list[str]:
    """The versions whose trees are known here, the oldest first."""
    earlier = (path.name.removesuffix(".tar.gz") for path in ARCHIVES.glob("*.tar.gz"))
    return [*sorted(earlier, key=lambda version: [int(part) for part in version.split(".")]), VERSION]


def noted(tree: Path) -> str | None:
    """The version that `tree` says it was made by; None where it says nothing."""
    try:
        value = yaml.safe_load((tree / NOTE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    version = value.get("version") if isinstance(value, dict) else None
    return str(version) if version else None


def recognised(tree: Path) -> str | None:
    """The version whose files `tree` holds most of, byte for byte; None where it holds none of any.

    Of two that fit alike, the later one: what both have is equal.
    """
    best, most = None, 0
    for version in versions():
        files = released(version) or {}
        same = sum((tree / path).is_file() and (tree / path).read_bytes() == content for path, content in files.items())
        if same and same >= most:
            best, most = version, same
    return best
