"""Overlays made for one test: lists over base/, and what a build of them holds everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builders import LOCAL, PLACEHOLDER, SET, domains, dump, names_of
from building import Build, Tree, kustomization
from istio import ServerNames, faults_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def everywhere(build: Build) -> list[str]:
    """The list that stands in every place of a build, which must be the same in all of them."""
    items = build.items
    names = names_of(items)
    assert all(names.values()), names
    (first, *others) = [found for lists in names.values() for found in lists]
    assert all(sorted(found) == sorted(first) for found in others)
    assert all(len(set(found)) == len(found) for found in (first, *others))
    assert PLACEHOLDER not in build.text
    assert not [item for item in items if LOCAL in item["metadata"].get("annotations", {})]
    assert not [item for item in items if SET in item["metadata"].get("labels", {})]
    assert faults_of(items) == []
    for found in names["server_names"]:
        ServerNames(found)
    return first


def overlay(tree: Tree, lists: Iterable[tuple[str, str]], *, inject: str = "inject", name: str = "x") -> str:
    """Write an overlay of domains ConfigMaps (file, text) and return its directory."""
    files = {f"overlays/{name}/{file}": text for file, text in lists}
    tree.write(
        {
            **files,
            f"overlays/{name}/kustomization.yaml": kustomization(
                resources=["../../base", *(file for file, _ in lists)],
                components=[f"../../components/{inject}"],
            ),
        }
    )
    return f"overlays/{name}"


def listed(names: Iterable[str], **options: Any) -> str:
    return dump(domains("\n".join(names) + "\n", **options))
