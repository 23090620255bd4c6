"""A place in a resource where a list of names stands."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from ..manifest.edits import Path

    Found = list["Place | ClientsPlace | BadPlace"]


class Form:
    """How a list holds names: `write` makes an entry of a name, `read` the name of an entry.

    `read` returns None for an entry that `write` would not make: nobody takes it for a name then. `narrows` says of a
    kind that cannot say all that a wildcard stands for what it says instead; a form never says more.
    """

    __slots__ = ("narrows", "read", "write")

    def __init__(self, write: Callable[[str], Any], read: Callable[[Any], str | None], narrows: str = "") -> None:
        self.write = write
        self.read = read
        self.narrows = narrows


TEXT = Form(str, str)
"""A name is a text, and `*.` stands for any number of labels, as Envoy has it."""


class Place:
    """A list of names: `path` leads to it, as in `("spec", "tls", 0, "match", 1, "sniHosts")`, and `form` writes it."""

    __slots__ = ("form", "path")

    def __init__(self, path: Path, form: Form = TEXT) -> None:
        self.path = path
        self.form = form

    def written(self, names: list[str]) -> list[Any]:
        """The list as it stands here; `names` itself where they are texts."""
        return names if self.form is TEXT else [self.form.write(name) for name in names]

    def names(self, entries: Sequence[Any]) -> list[str]:
        """The names that `entries` stand for; what cannot be read as one stands as it is, which is no name."""
        return [str(entry) if (name := self.form.read(entry)) is None else name for entry in entries]


class ClientsPlace:
    """An RBAC filter's configuration, at `path`, that says which client may reach which name."""

    __slots__ = ("path",)

    def __init__(self, path: Path) -> None:
        self.path = path


class BadPlace:
    """What stands at `path` where names belong, and cannot be filled: `reason` says what to mend.

    `opens`: every name passes there.
    """

    __slots__ = ("opens", "path", "reason")

    def __init__(self, path: Path, reason: str, *, opens: bool = False) -> None:
        self.path = path
        self.reason = reason
        self.opens = opens


def list_at(holder: dict[str, Any], key: str, path: Path, form: Form = TEXT) -> Iterator[Place | BadPlace]:
    """The list under `key` of the mapping at `path`, where the key is present."""
    if key in holder:
        here = (*path, key)
        if isinstance(holder[key], list):
            yield Place(here, form)
        else:
            yield BadPlace(here, "must be a list of names")


def mappings(holder: dict[str, Any], key: str, path: Path, found: list[Any]) -> Iterator[tuple[dict[str, Any], Path]]:
    """The mappings in the list under `key` of the mapping at `path`, each with its own path.

    What is of another shape goes to `found` as a BadPlace: a list of names could stand in it.
    """
    entries = holder.get(key)
    if entries is None:
        return
    here = (*path, key)
    if not isinstance(entries, list):
        found.append(BadPlace(here, "must be a list"))
        return
    for index, entry in enumerate(entries):
        if isinstance(entry, dict):
            yield entry, (*here, index)
        else:
            found.append(BadPlace((*here, index), "must be a mapping"))
