"""The files that come with the package: bases, components/, deploy/, docs/, overlays/, and what runs of plugin/."""

from __future__ import annotations

from pathlib import Path


def shipped() -> Path:
    """The directory that holds them: inside an installed package, or the checkout."""
    package = Path(__file__).parents[1]
    installed = package / "files"
    return installed if installed.is_dir() else package.parents[1]
