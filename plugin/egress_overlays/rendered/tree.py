"""The files that a kustomization names, to find where a line stands. What they build to is Kustomize's to say."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from yaml12 import parse_yaml

from ..yamltext import InvalidInput
from ..yamltext.resource_list import decode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_PATHS = ("patchesStrategicMerge", "resources", "bases", "components", "transformers", "generators", "validators")


class Generated(NamedTuple):
    """A text file that a configMapGenerator makes a key of, and the ConfigMap that it is a key of."""

    path: Path
    name: str
    labels: dict[str, Any]
    key: str


class Tree:
    """The kustomization in `directory` and all local ones below it; the outermost come first."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._kustomizations: list[tuple[Path, dict[str, Any]]] | None = None

    @property
    def kustomizations(self) -> list[tuple[Path, dict[str, Any]]]:
        """Every kustomization file with what it says."""
        if self._kustomizations is None:
            self._kustomizations = []
            self._walk(self.directory.resolve(), set())
        return self._kustomizations

    def _walk(self, directory: Path, seen: set[Path]) -> None:
        if directory in seen:
            return
        seen.add(directory)
        for name in KUSTOMIZATIONS:
            file = directory / name
            if file.is_file():
                content = kustomization_of(file)
                self._kustomizations = [*(self._kustomizations or []), (file, content)]
                # Kustomize takes resources first and components after them, each on top of those before.
                for path in reversed(list(paths_of(file, content, _PATHS))):
                    if path.is_dir():
                        self._walk(path.resolve(), seen)
                return

    def files(self) -> Iterator[Path]:
        """Every file of objects or patches that is named."""
        for file, content in self.kustomizations:
            yield from self.named(file, content)

    def named(self, file: Path, content: dict[str, Any]) -> Iterator[Path]:
        """Every file of objects or patches that the kustomization `file` names itself, patches first."""
        for patch in _mappings(content.get("patches")):
            path = file.parent / str(patch.get("path", ""))
            if path.is_file():
                yield path.resolve()
        for path in paths_of(file, content, _PATHS):
            if path.is_file():
                yield path.resolve()

    def inline_patches(self) -> Iterator[tuple[Path, str]]:
        """Every patch that is written out in a kustomization file, with that file."""
        for file, content in self.kustomizations:
            for patch in self.written_out(content):
                yield file, patch

    def written_out(self, content: dict[str, Any]) -> Iterator[str]:
        """Every patch that is written out in a kustomization."""
        for patch in _mappings(content.get("patches")):
            if isinstance(patch.get("patch"), str):
                yield patch["patch"]
        for entry in content.get("patchesStrategicMerge") or ():
            if isinstance(entry, str) and "\n" in entry:
                yield entry

    def transformers(self) -> Iterator[Path]:
        """Every file or directory that is named as a transformer."""
        for file, content in self.kustomizations:
            yield from paths_of(file, content, ("transformers",))

    def generator_files(self) -> Iterator[Path]:
        """Every file that a configMapGenerator makes a key of."""
        for file, content in self.kustomizations:
            yield from (one.path for one in self.generated(file, content))

    def generated(self, file: Path, content: dict[str, Any]) -> Iterator[Generated]:
        """Every file that a configMapGenerator of the kustomization `file` makes a key of."""
        for generator in _mappings(content.get("configMapGenerator")):
            options = _mappings([content.get("generatorOptions"), generator.get("options")])
            labels = {key: value for one in options for key, value in (one.get("labels") or {}).items()}
            for entry in generator.get("files") or ():
                key, _, name = str(entry).rpartition("=")
                path = file.parent / name
                if path.is_file():
                    yield Generated(path.resolve(), str(generator.get("name")), labels, key or path.name)


def kustomization_of(file: Path) -> dict[str, Any]:
    """What a kustomization file says; nothing where it cannot be read, which is for Kustomize to say."""
    try:
        return _said(file.read_bytes())
    except OSError:
        return {}


@lru_cache(maxsize=1024)
def _said(data: bytes) -> dict[str, Any]:
    """What the bytes of a kustomization say: those of base/ and plugin/ are in every overlay. Nobody may change it."""
    from ..yamltext.anystyle import documents  # PyYAML is a fifth of the time of a command that reads no directory

    try:
        found = documents(decode(data))
        content: Any = parse_yaml(found[0]) if found else None
    except (InvalidInput, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def paths_of(file: Path, content: dict[str, Any], fields: tuple[str, ...]) -> Iterator[Path]:
    """What the kustomization `file`, which says `content`, names in `fields` and is there."""
    for field in fields:
        for entry in content.get(field) or ():
            # An entry with line breaks is an object written out.
            if isinstance(entry, str) and "\n" not in entry and (file.parent / entry).exists():
                yield file.parent / entry


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value or () if isinstance(entry, dict)]
