"""What a directory built to, traced back to the files that a kustomization names.

Kustomize notes down the file that each object came from; the text of a group is looked up in the files of the tree,
since a patch may have set it.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yaml12 import parse_yaml

from ..yamltext import InvalidInput, manifests
from .kustomize import ORIGIN_ANNOTATION
from .locations import Location
from .tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..manifest.edits import Path as Steps
    from ..manifest.resource import Resource
    from ..yamltext.manifests import Manifest


class InTree:
    """Locations in the files of a kustomization, for objects that it built to.

    `base` is the directory that origins are relative to.
    """

    def __init__(self, directory: Path, base: Path) -> None:
        self.tree = Tree(directory)
        self.base = base
        self._read: dict[Path, list[Manifest]] = {}
        self._groups: dict[tuple[int, str], Callable[[int], Location]] = {}

    def of(self, resource: Resource, path: Steps = ()) -> Location:
        """Where `path` of the object stands that `resource` was built from."""
        file = self.file_of(resource)
        if file is None:
            return Location(origin_text(resource) or shown(self.tree.directory))
        same = [found for found in self.manifests(file) if found.resource.kind == resource.kind]
        named = [found for found in same if found.resource.name == resource.name] or same
        return Location(shown(file), named[0].line(path) if len(named) == 1 else 0)

    def entry(self, source: Resource, group: str, line: int) -> Location:
        """Where line `line` of `group` stands: in the patch that set it, or in the object's own file."""
        key = id(source), group
        if key not in self._groups:
            self._groups[key] = self._group(source, group)
        return self._groups[key](line)

    def _group(self, source: Resource, group: str) -> Callable[[int], Location]:
        """What tells the place of a line of `group`, found by the group's text."""
        text = source.value.get("data", {}).get(group)
        own = self.file_of(source)
        for file in [*self.tree.files(), *([own] if own else [])]:
            for found in self.manifests(file):
                if _sets(found.resource, group, text):
                    return partial(_in_group, shown(file), found, group)
        for file, patch in self.tree.inline_patches():
            with suppress(InvalidInput):
                if any(_sets(found.resource, group, text) for found in manifests.read(patch.encode())):
                    return partial(_in_whole, Location(shown(file)))
        for file in self.tree.generator_files():
            if file.read_text(encoding="utf-8", errors="replace") == text:
                return partial(Location, shown(file))
        return partial(_in_whole, self.of(source))

    def file_of(self, resource: Resource) -> Path | None:
        """The file that `resource` was loaded from; None for remote and generated ones."""
        origin = _origin(resource)
        if "repo" in origin:
            return None
        path = origin.get("path") or origin.get("configuredIn")
        if not path and resource.origin and Path(resource.origin).is_file():
            return Path(resource.origin).resolve()  # read from a file of the tree, and not built
        return (self.base / str(path)).resolve() if path else None

    def manifests(self, file: Path) -> list[Manifest]:
        """The objects in `file`; none where it cannot be read, which is for Kustomize to say."""
        if file not in self._read:
            try:
                self._read[file] = _parsed(file.read_bytes(), shown(file))
            except (OSError, InvalidInput):
                self._read[file] = []
        return self._read[file]


@lru_cache(maxsize=1024)
def _parsed(data: bytes, origin: str) -> list[Manifest]:
    """As `manifests.read`: of many overlays, the files that they share are read once. Nobody may change them."""
    return manifests.read(data, origin)


def _in_group(file: str, found: Manifest, group: str, line: int) -> Location:
    return Location(file, found.group_line(group, line))


def _in_whole(location: Location, _line: int) -> Location:
    return location


def _sets(resource: Resource, group: str, text: object) -> bool:
    data = resource.value.get("data")
    return resource.is_domains_kind and isinstance(data, dict) and data.get(group, 0) == text


def _origin(resource: Resource) -> dict[str, Any]:
    text = resource.annotations.get(ORIGIN_ANNOTATION)
    found: Any = parse_yaml(text) if isinstance(text, str) else None
    return found if isinstance(found, dict) else {}


def origin_text(resource: Resource) -> str:
    """A remote origin in one word: `https://host/repository/path?ref=revision`."""
    origin = _origin(resource)
    if "repo" not in origin:
        return ""
    ref = f"?ref={origin['ref']}" if origin.get("ref") else ""
    return f"{origin['repo']}/{origin.get('path', '')}{ref}"


def shown(file: Path) -> str:
    """`file` relative to the working directory where it lies below it."""
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)
