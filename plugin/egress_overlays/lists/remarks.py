"""What is to be said of a whole set: that it is empty, and of each entry that it opens nothing, or is doubtful."""

from __future__ import annotations

from ..manifest.findings import ERROR, INFO, WARNING, Finding
from ..manifest.resource import ALLOW_EMPTY_ANNOTATION
from ..names.domain import ascii_quoted
from . import unread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from typing import Protocol

    from ..manifest.resource import Resource
    from ..names.domain import Domain
    from . import Entry

    class AllowSet(Protocol):
        """A set, as `allowlist` has it."""

        name: str
        sources: Sequence[Resource]
        entries: Sequence[Entry]
        ports: tuple[int, ...]
        http: tuple[int, ...]

        @property
        def clients(self) -> Collection[Resource]:
            """The sources that are for some clients."""

        def cover_of(self, entry: Entry) -> Domain | None:
            """What opens the name of `entry` already."""

        def is_for_all(self, name: Domain | None) -> bool:
            """Whether `name` is for every workload."""


def about(allowed: AllowSet, *, refused: bool) -> Iterator[Finding]:
    """What is to be said of a whole set: empty, repeats and covered names, doubtful names.

    `refused`: some of its lines were refused, so that an empty list says nothing new.
    """
    if not allowed.entries and not refused:
        may_be_empty = any(source.annotations.get(ALLOW_EMPTY_ANNOTATION) for source in allowed.sources)
        if not may_be_empty:
            yield Finding(
                ERROR,
                f"the set {ascii_quoted(allowed.name)} has no domain at all; add one, or annotate the ConfigMap "
                f'with {ALLOW_EMPTY_ANNOTATION}: "true" to deny everything on purpose',
                rule="empty-list",
                resource=allowed.sources[0],
            )
    if allowed.entries and not refused:
        yield from unread.nameless(allowed.name, allowed.sources, {entry.source for entry in allowed.entries})
    doubted = _doubted(allowed)
    seen: dict[Domain, Entry] = {}
    for entry in allowed.entries:
        first = seen.setdefault(entry.domain, entry)
        cover = allowed.cover_of(entry)
        if entry.source in allowed.clients and allowed.is_for_all(cover):
            message = f'is open to every workload through "{cover}" of a list without clients'
            yield entry.remark(message, "opened", WARNING)
        elif cover is not None:
            yield entry.remark(f'is covered by "{cover}" and left out of the manifests', "covered", INFO)
        elif first is not entry:
            yield entry.remark("stands more than once and is emitted once", "repeated", INFO)
        if first is entry and (entry.domain.is_wildcard or "xn--" in entry.domain or doubted):
            for message, rule in _doubts(entry.domain, doubted):
                yield entry.remark(message, rule, WARNING)


def _doubted(allowed: AllowSet) -> Mapping[int, str]:
    """The ports of the set that are doubtful, each with the reason."""
    if not (allowed.ports or allowed.http):
        return {}
    from ..names.ports import DOUBTFUL

    return {port: DOUBTFUL[port] for port in (*allowed.ports, *allowed.http) if port in DOUBTFUL}


def _doubts(domain: Domain, doubted: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    """What is doubtful about a name, and the rule that says so; `doubted` are ports that are, with the reason."""
    if domain.port in doubted:
        yield f"has a port that {doubted[domain.port]}", "port"
    domain = domain.name
    if domain.is_wildcard:
        from ..names.public_suffix import is_private_suffix, shared_below

        shared = domain.base if is_private_suffix(domain.base) else shared_below(domain.base)
        if shared == domain.base:
            yield f'opens names that any customer of "{shared}" may register; name the ones you use', "shared-suffix"
        elif shared:
            said = f'opens "{shared}" too, below which any customer may register names (public suffix list); name the '
            yield f"{said}ones you use", "shared-suffix"
    if "xn--" in domain:
        from ..names.idn import mixed_scripts

        scripts = mixed_scripts(domain.base)
        if scripts:
            said = f"mixes {' and '.join(scripts)} letters in one label, as look-alikes do; check it letter by letter"
            yield said, "look-alike"
