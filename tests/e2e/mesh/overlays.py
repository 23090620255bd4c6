"""Rendered manifests: the repository's overlays, and overlays that a test puts together."""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING

import yaml

from builds import COMPONENTS, overlay
from documents import block

from .network import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any


class Overlays:
    """`kustomize build --enable-alpha-plugins --enable-exec`, in the checkout `root`."""

    def __init__(self, root: Path, components: Mapping[str, Path], scratch: Path) -> None:
        self.root = root
        self._kustomize = components["kustomize"]
        self._scratch = scratch

    def build(self, name: str | Path) -> str:
        """One of overlays/ by its name, or any kustomization by its path."""
        return self._build(self.root / "overlays" / name)

    def make(
        self,
        domains: Sequence[str],
        *,
        components: Sequence[str] = (),
        clients: str = "",
        patches: Sequence[dict[str, Any]] = (),
        actions: Sequence[str] = ("Deny",),
    ) -> str:
        """base/ with a list of its own, for some clients alone if they are named, some of components/, and patches.

        `actions` are those of components/admission.
        """
        directory = self._scratch / "made"
        directory.mkdir(exist_ok=True)
        parts = (directory.resolve(), tuple(components), tuple(domains), clients, tuple(patches))
        return self._build(overlay(*parts, actions=tuple(actions)))

    @functools.cached_property
    def every_pair(self) -> str:
        """Each object that base/ with some two of all components makes, once: API servers judge them one by one."""
        pairs = itertools.combinations(COMPONENTS, 2)
        names = ["*.example.com", "www.example.org"]
        made = {one for pair in pairs for one in self.make(names, components=pair).split("\n---\n")}
        assert len(made) > len(COMPONENTS)
        return "\n---\n".join(sorted(made))

    def bare_base(self) -> str:
        """base/ without any component: no function, no guard."""
        return self._build(self.root / "base")

    def _build(self, directory: Path) -> str:
        return run(self._kustomize, "build", "--enable-alpha-plugins", "--enable-exec", directory)


def for_clients_alone(namespace: str) -> list[dict[str, Any]]:
    """The patches of docs/many-teams.md that keep the gateway from all sidecars but those of one namespace."""
    text = block("docs/many-teams.md", "alone").text
    assert "istio-egress,batch,shop" in text
    found: list[dict[str, Any]] = yaml.safe_load(text.replace("batch,shop", namespace))["patches"]
    return found


def only(manifests: str, *, groups: Sequence[str]) -> str:
    """The objects whose API group ends in one of these."""
    found = [item for item in yaml.load_all(manifests, yaml.CSafeLoader) if item]
    return yaml.safe_dump_all([item for item in found if item["apiVersion"].rpartition("/")[0].endswith(tuple(groups))])
