"""One name of one line of a list, and where it came from."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..manifest.resource import Resource
    from ..names.domain import Domain
    from .fields import Fields


class Entry:
    """One name of one line: where it came from (`source`, `group`, `line` from 1) and its `comment`."""

    __slots__ = ("comment", "domain", "group", "line", "source")

    def __init__(self, domain: Domain, source: Resource, group: str, line: int, comment: str) -> None:
        self.domain = domain
        self.source = source
        self.group = group
        self.line = line
        self.comment = comment

    @property
    def fields(self) -> Fields:
        """Whose it is, why, and until when: by its comment, its group and its ConfigMap."""
        from . import fields

        return fields.of(self.comment, self.source, self.group)
