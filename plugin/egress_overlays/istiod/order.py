"""Which EnvoyFilters have touched one object in an order that rendered files do not tell.

istiod orders filters of one priority and namespace by their time of creation, then by name.
"""

from __future__ import annotations

from .filters import Patch


class Touched:
    """Patches by the object that they have changed."""

    def __init__(self) -> None:
        self._by_object: dict[str, list[Patch]] = {}

    def add(self, name: str, patch: Patch) -> None:
        """Note down that `patch` has changed the object `name`."""
        self._by_object.setdefault(name, []).append(patch)

    def notes(self) -> list[str]:
        """A line for each object whose end depends on when two EnvoyFilters were made."""
        found = []
        for name, patches in self._by_object.items():
            ranks: dict[tuple[int, bool], list[str]] = {}
            for patch in patches:
                owners = ranks.setdefault(patch.rank, [])
                if patch.owner not in owners:
                    owners.append(patch.owner)
            found += [
                f"{', '.join(owners)}: all change {name} at one priority; istiod applies the older one first, the "
                "probe goes by name: give them spec.priority"
                for owners in ranks.values()
                if len(owners) > 1
            ]
        return found
