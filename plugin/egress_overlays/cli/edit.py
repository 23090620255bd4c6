"""What `add` and `remove` share: which file and group, and how a change is shown and written."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..domains import Domain, InvalidDomain, parse
from ..listfile import Line, Uneditable, groups, lines_of
from ..replace import replace
from . import inputs
from .console import Failure
from .output import Paint, structured

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from ..manifests import Manifest
    from .console import Console


def configure(parser: ArgumentParser) -> None:
    """The arguments after the domain and the group."""
    parser.add_argument(
        "file", metavar="FILE", help="a file with the domains ConfigMap, or a directory whose files name the group"
    )
    parser.add_argument("--configmap", default="", metavar="NAME", help="the ConfigMap, where a file holds several")
    parser.add_argument("--dry-run", action="store_true", help="print the change, and leave the file alone")
    inputs.add_output(parser)


class File:
    """A file to edit: `data`, and the groups of its domains ConfigMaps."""

    def __init__(self, path: Path, configmap: str = "") -> None:
        """Read `path`; raises Failure."""
        self.path = path
        try:
            self.data = path.read_bytes()
            self.groups = groups(self.data, configmap)
        except OSError as fault:
            raise Failure(f"{path}: cannot be read: {fault.strerror}") from None
        except Uneditable as fault:
            raise Failure(f"{path}: {fault}") from None

    def lines(self) -> Iterator[tuple[Manifest, str, Line]]:
        """Every name with its group."""
        for manifest, group in self.groups:
            for line in lines_of(manifest.resource.value["data"][group]):
                yield manifest, group, line


def files(arguments: Namespace) -> list[File]:
    """The files that FILE stands for: itself, or those that a kustomization names, outermost first."""
    path = Path(arguments.file)
    if not path.is_dir():
        return [File(path, arguments.configmap)]
    from ..tree import Tree

    found = []
    for file in dict.fromkeys(Tree(path).files()):
        try:
            found.append(File(_near(file), arguments.configmap))
        except Failure:
            continue
    if not found:
        raise Failure(f"{path}: no file that its kustomization names holds a domains ConfigMap")
    return found


def _near(file: Path) -> Path:
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def domain(text: str) -> tuple[Domain, ...]:
    """What `text` stands for; raises Failure."""
    try:
        return parse(text)
    except InvalidDomain as fault:
        raise Failure(f"cannot stand on a list: {fault}") from None


def finish(file: File, new: bytes, words: list[str], arguments: Namespace, console: Console) -> int:
    """Write or show the change; 0. Raises Failure where the file cannot be written."""
    changed = new != file.data
    if changed and not arguments.dry_run:
        try:
            replace(file.path, new)
        except OSError as fault:
            raise Failure(f"{file.path}: {fault.strerror}; nothing was changed") from None
    if arguments.output != "text":
        shown: dict[str, Any] = {"file": str(file.path), "changed": changed, "dryRun": arguments.dry_run}
        console.write(structured({**shown, "notes": words, "diff": _diff(file, new)}, arguments.output))
        return 0
    if arguments.dry_run:
        paint = Paint(console, console.out)
        for line in _diff(file, new).splitlines():
            colour = {"+": "green", "-": "red"}.get(line[:1], "")
            console.write(paint(line, colour) if colour and line[:3] not in ("+++", "---") else line)
    for word in words:
        console.say(word)
    return 0


def _diff(file: File, new: bytes) -> str:
    old_lines, new_lines = (data.decode().splitlines(keepends=True) for data in (file.data, new))
    return "".join(unified_diff(old_lines, new_lines, f"a/{file.path}", f"b/{file.path}"))
