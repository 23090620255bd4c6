"""What was imported, as `check`, `diff` and `list` look at lists: each name with the file and line it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..manifest.resource import Resource
from ..rendered.locations import Location
from ..rendered.rendered import Rendered
from .config_maps import config_maps

if TYPE_CHECKING:
    from ..manifest.edits import Path
    from .found import Place
    from .importing import Imported


class _Where:
    """Where the lines of the ConfigMaps stood before."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.places: dict[tuple[int, str, int], Place] = {}

    def of(self, _resource: Resource, _path: Path = ()) -> Location:
        """The file alone: the objects are made up."""
        return Location(self._path)

    def entry(self, source: Resource, group: str, line: int) -> Location:
        """Where the name of a line stood."""
        place = self.places.get((id(source), group, line))
        return Location(place.file, place.line) if place else Location(self._path)


def as_rendered(path: str, found: Imported) -> Rendered:
    """The lists of `found`, which was read from `path`."""
    where = _Where(path)
    sources = []
    for one in config_maps(found):
        sources.append(source := Resource(one.value, path))
        where.places |= {(id(source), group, line): place for (group, line), place in one.places.items()}
    return Rendered(path, (), sources, where)
