"""Rendered manifests: the repository's overlays, and overlays that a test puts together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from builds import overlay

from .network import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Overlays:
    """`kustomize build --enable-alpha-plugins --enable-exec`, in the checkout `root`."""

    def __init__(self, root: Path, components: Mapping[str, Path], scratch: Path) -> None:
        self.root = root
        self._kustomize = components["kustomize"]
        self._scratch = scratch

    def build(self, name: str | Path) -> str:
        """One of overlays/ by its name, or any kustomization by its path."""
        return self._build(self.root / "overlays" / name)

    def make(self, domains: Sequence[str], *, components: Sequence[str] = (), clients: str = "") -> str:
        """base/ with a list of its own, for some clients alone if they are named, and some of components/."""
        directory = self._scratch / "made"
        directory.mkdir(exist_ok=True)
        return self._build(overlay(directory.resolve(), tuple(components), tuple(domains), clients))

    def bare_base(self) -> str:
        """base/ without any component: no function, no guard."""
        return self._build(self.root / "base")

    def _build(self, directory: Path) -> str:
        return run(self._kustomize, "build", "--enable-alpha-plugins", "--enable-exec", directory)


def only(manifests: str, *, groups: Sequence[str]) -> str:
    """The objects whose API group ends in one of these."""
    found = [item for item in yaml.load_all(manifests, yaml.CSafeLoader) if item]
    return yaml.safe_dump_all([item for item in found if item["apiVersion"].rpartition("/")[0].endswith(tuple(groups))])
