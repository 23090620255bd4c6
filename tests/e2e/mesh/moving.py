"""Workloads that move from one way out to another, and the overlays of a guide's steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from documents import block

from .processes import eventually
from .proxy import EGRESS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from .application import Load, Outcome
    from .mesh import Mesh
    from .overlays import Overlays
    from .proxy import Proxy

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


@dataclass(frozen=True)
class Move:
    """From base/ to the way whose overlay is `to` and back, by a guide's steps; `beside` goes with both ways."""

    mesh: Mesh
    guide: Guide
    gateway: Proxy
    sidecar: Proxy
    listed: set[str]
    to: str
    beside: Mapping[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        """The gateway alone."""
        self.mesh.cluster.sync(self.guide.build("gateway"))
        self._gateway_has_the_list()

    def both(self) -> str:
        """The manifests of both ways, which the cluster has from now on."""
        made = self.guide.build("both", **self.beside)
        self.mesh.cluster.sync(made)
        return made

    def there_and_back(self, workloads: Moving, load: Load) -> None:
        """Pod by pod to the other way, where both stand; then that one alone; and the same back."""
        assert self.sidecar.routed_names(EGRESS) == self.listed
        some_more(load)
        for workloads.moved in range(1, PODS + 1):
            some_more(load)
        self.mesh.cluster.sync(self.guide.build(self.to))
        self.gateway.stop()  # its Deployment is gone
        eventually(lambda: not self.sidecar.routed_names(EGRESS) & self.listed, within=30, what="base/ is gone")
        some_more(load)
        self.both()
        self.mesh.roll_out(self.gateway, "sni-egressgateway")
        self._gateway_has_the_list()
        eventually(
            lambda: self.sidecar.routed_names(EGRESS) == self.listed, within=30, what="sidecars lead there again"
        )
        for workloads.moved in reversed(range(PODS)):
            some_more(load)
        self.mesh.cluster.sync(self.guide.build("gateway"))
        some_more(load)

    def _gateway_has_the_list(self) -> None:
        eventually(lambda: self.gateway.allowed_names() == self.listed, within=60, what="the list in the gateway")
