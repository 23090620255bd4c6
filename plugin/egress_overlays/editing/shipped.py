"""The files that come with the package: base/, components/, overlays/ and the parts of plugin/ that Kustomize reads."""

from __future__ import annotations

from pathlib import Path


def shipped() -> Path:
    """The directory with base/, components/, overlays/ and plugin/: inside an installed package, or the checkout."""
    package = Path(__file__).parents[1]
    installed = package / "files"
    return installed if installed.is_dir() else package.parents[1]
