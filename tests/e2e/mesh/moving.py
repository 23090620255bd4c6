"""Workloads that move from one way out to another, and the overlays of a guide's steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from documents import block

from .processes import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .application import Load, Outcome
    from .overlays import Overlays

PODS = 4


class Moving:
    """A Deployment whose pods restart one after the other: so many of them, `moved`, ask by the new way already."""

    def __init__(self, old: Callable[[str], Outcome]) -> None:
        self.moved = 0
        self.by_old = self.by_new = 0
        self.old = self.new = old

    def get(self, name: str) -> Outcome:
        """One request, of the pods in turn."""
        if (self.by_old + self.by_new) % PODS < self.moved:
            self.by_new += 1
            return self.new(name)
        self.by_old += 1
        return self.old(name)


def some_more(load: Load, *, requests: int = 16) -> None:
    """Waits for requests that began after this moment."""
    done = load.done
    eventually(lambda: load.done > done + requests, within=30, what="requests after it")


class Guide:
    """The overlay of a page's steps, written as its blocks say it, in a tree of its own."""

    def __init__(self, page: str, overlays: Overlays, tree: Path, domains: str) -> None:
        self._page, self._overlays, self._domains = page, overlays, domains
        self._tree = tree
        for part in ("base", "base-ambient", "components", "deploy", "plugin"):
            (tree / part).symlink_to(overlays.root / part)

    def build(self, step: str, **beside: str) -> str:
        """What the block of this name builds to; `beside` are directories in the overlay, with their blocks' names."""
        overlay = self._tree / "overlays" / step
        for name, place in (("", step), *beside.items()):
            (overlay / name).mkdir(parents=True, exist_ok=True)
            (overlay / name / "kustomization.yaml").write_text(block(self._page, place).text)
        (overlay / "domains.yaml").write_text(self._domains)
        return self._overlays.build(overlay)
