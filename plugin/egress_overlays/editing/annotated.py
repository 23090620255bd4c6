"""Edits of a list's file beside its lines: a new group, and an annotation that is done with."""

from __future__ import annotations

import copy
import re

from ..manifest.resource import ALLOW_EMPTY_ANNOTATION
from ..yamltext import InvalidInput, manifests
from .listfile import Uneditable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..yamltext.manifests import Manifest

_ALLOW_EMPTY = re.compile(rf"[ \t]+{re.escape(ALLOW_EMPTY_ANNOTATION)}:[ \t]*[\"']?true[\"']?[ \t]*(#.*)?\r?")
_OF_INIT = "# Nothing is open yet."


def new_group(data: bytes, manifest: Manifest, group: str, line: str) -> bytes:
    """`data` with `group`, of one line, at the end of the groups of `manifest`; raises Uneditable."""
    if manifest.is_generated:
        raise Uneditable(f'is one group of a generator; add a file for "{group}" to its files: in the kustomization')
    lines = data.decode("utf-8").split("\n")
    at = manifest.line(("data",)) - 1
    if manifest.within or lines[at].rstrip() != "data:":
        raise Uneditable(f'has no block "data:" to put the group "{group}" into')
    end = at + 1
    while end < len(lines) and (not lines[end].strip() or lines[end][0] in " #"):
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    keys = [one for one in lines[at + 1 : end] if one.strip() and not one.lstrip().startswith("#")]
    indent = " " * (len(keys[0]) - len(keys[0].lstrip()) if keys else 2)
    lines[end:end] = [f"{indent}{group}: |", f"{indent}  {line}"]
    wanted = copy.deepcopy(manifest.resource.value)
    wanted["data"] = {**(wanted.get("data") or {}), group: f"{line}\n"}
    return _checked("\n".join(lines), data, manifest, wanted, f'the group "{group}" cannot be added safely')


def without_allow_empty(data: bytes, manifest: Manifest) -> bytes:
    """`data` without the annotation that allows `manifest` to be empty; raises Uneditable."""
    lines = data.decode("utf-8").split("\n")
    at = manifest.line(("metadata", "annotations", ALLOW_EMPTY_ANNOTATION)) - 1
    reason = f"{ALLOW_EMPTY_ANNOTATION} cannot be removed safely; remove it by hand"
    if not _ALLOW_EMPTY.fullmatch(lines[at]):
        raise Uneditable(reason)
    start = at - 1 if lines[at - 1].lstrip().startswith(_OF_INIT) else at
    wanted = copy.deepcopy(manifest.resource.value)
    del wanted["metadata"]["annotations"][ALLOW_EMPTY_ANNOTATION]
    if not wanted["metadata"]["annotations"]:
        del wanted["metadata"]["annotations"]
        if lines[start - 1].strip() != "annotations:":
            raise Uneditable(reason)
        start -= 1
    del lines[start : at + 1]
    return _checked("\n".join(lines), data, manifest, wanted, reason)


def _checked(text: str, data: bytes, manifest: Manifest, wanted: dict[str, Any], reason: str) -> bytes:
    """`text` in bytes, if it says `wanted` in place of `manifest`, and else what `data` says."""
    expected = [wanted if one.start == manifest.start else one.resource.value for one in manifests.read(data)]
    try:
        found = [one.resource.value for one in manifests.read(text.encode())]
    except InvalidInput:
        found = []
    if found != expected:
        raise Uneditable(reason)
    return text.encode()
