"""Where in people's files something stands that was found in a manifest: file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..manifest.edits import Path as Steps
    from ..manifest.resource import Resource
    from ..yamltext.manifests import Manifest


class Location(NamedTuple):
    """`file` as a person in the working directory would name it, `line` from 1; 0 where it is not known."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Locator(Protocol):
    """Says where things stand."""

    def of(self, resource: Resource, path: Steps = ()) -> Location:
        """Where `path` of `resource` stands, or the nearest thing above it."""

    def entry(self, source: Resource, group: str, line: int) -> Location:
        """Where line `line` (from 1) of `group` of a domains ConfigMap stands."""


class InFile:
    """Locations in one text, `file`, whose objects are `found`."""

    def __init__(self, file: str, found: Sequence[Manifest]) -> None:
        self.file = file
        self._found = {id(manifest.resource): manifest for manifest in found}

    def of(self, resource: Resource, path: Steps = ()) -> Location:
        """Where `path` of `resource`, one of the text's own, stands."""
        return Location(self.file, self._found[id(resource)].line(path))

    def entry(self, source: Resource, group: str, line: int) -> Location:
        """Where line `line` of `group` stands; the line of its key where the text is not a literal block."""
        return Location(self.file, self._found[id(source)].group_line(group, line))
