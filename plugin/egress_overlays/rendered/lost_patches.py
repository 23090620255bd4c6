"""Patches whose target is not there: Kustomize skips them, and the build does not say so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ..manifest.findings import WARNING, Finding
from ..names.domain import ascii_quoted
from .tracing import shown
from .tree import paths_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..manifest.resource import Resource
    from .tracing import InTree

RULE = "lost-patch"
SHOWN = 3
_RENAMING = ("namePrefix", "nameSuffix")
_SELECTORS = ("labelSelector", "annotationSelector")


class _Object(NamedTuple):
    kind: str
    name: str
    namespace: str


def lost_patches(where: InTree, rendered: Iterable[Resource]) -> Iterator[Finding]:
    """A warning for each patch with a `target:` of a name that neither the output nor any file of resources has.

    A target is regular expressions, each for the whole of its field (Kustomize, patches). Where a kustomization renames
    objects or moves them, the name or namespace that a patch means may stand nowhere: then a part of it is enough.
    """
    contents = [content for _, content in where.tree.kustomizations]
    renames = any(content.get(field) for content in contents for field in _RENAMING)
    moves = any(content.get("namespace") for content in contents)
    objects = {_Object(one.kind, one.name, one.namespace) for one in rendered}
    in_files: set[_Object] | None = None
    for file, content in where.tree.kustomizations:
        for patch in content.get("patches") or ():
            target = patch.get("target") if isinstance(patch, dict) else None
            if not isinstance(target, dict) or not target.get("name") or any(target.get(one) for one in _SELECTORS):
                continue
            if any(_is_meant(target, one, renames, moves) for one in objects):
                continue
            in_files = _in_files(where) if in_files is None else in_files
            if not any(_is_meant(target, one, renames, moves) for one in in_files):
                yield Finding(WARNING, _message(shown(file), target, objects), rule=RULE)


def _is_meant(target: dict[str, Any], one: _Object, renames: bool, moves: bool) -> bool:
    return (
        _matches(target.get("kind"), one.kind)
        and _matches(target.get("name"), one.name, partly=renames)
        and (moves or _matches(target.get("namespace"), one.namespace))
    )


def _matches(expression: Any, value: str, *, partly: bool = False) -> bool:
    """Whether an expression, or none, means this value; one that Python does not read passes."""
    if not expression:
        return True
    try:
        return (re.search if partly else re.fullmatch)(str(expression), value) is not None
    except re.error:
        return True


def _in_files(where: InTree) -> set[_Object]:
    """The objects in files of resources and of generators, as they are before anything changes them."""
    found = set()
    for file, content in where.tree.kustomizations:
        for path in paths_of(file, content, ("resources", "bases")):
            for manifest in where.manifests(path.resolve()) if path.is_file() else ():
                one = manifest.resource
                found.add(_Object(one.kind, one.name, one.namespace))
        for kind in ("ConfigMap", "Secret"):
            for generator in content.get(f"{kind[0].lower()}{kind[1:]}Generator") or ():
                if isinstance(generator, dict):
                    found.add(_Object(kind, str(generator.get("name")), str(generator.get("namespace") or "")))
    return found


def _message(file: str, target: dict[str, Any], objects: set[_Object]) -> str:
    there = sorted(f"{one.namespace}/{one.name}" for one in objects if _matches(target.get("kind"), one.kind))
    kind = str(target.get("kind") or "object")
    more = " and more" if len(there) > SHOWN else ""
    known = f"there is {', '.join(there[:SHOWN])}{more}" if there else f"there is no {kind}"
    namespace = f" in {target['namespace']}" if target.get("namespace") else ""
    return (
        f"{file}: a patch is for {kind} {ascii_quoted(str(target['name']))}{namespace}, which is not there, and "
        f"Kustomize skips it ({known}); name what it shall change, or take it out"
    )
