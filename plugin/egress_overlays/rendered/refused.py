"""What the function refused of a directory that does not build, from what it said, with the files it was about.

The function sees objects as Kustomize hands them over; the files that they came from are looked up by kind and name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..manifest.findings import ERROR, Finding
from ..manifest.resource import POLICY_KIND, Resource
from .kustomize import SAID
from .tracing import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .tracing import InTree

RULE = "build"
_PLACE = re.compile(
    r'(?P<kind>[A-Za-z]+) (?:[^ ,:/]+/)?(?P<name>[^ ,:/]+)(?:, group "(?P<group>[^"]*)")?(?:, line (?P<line>\d+))?'
    r"(?:, (?P<field>[^\"]+?))?: (?P<message>.*)"
)


def refused(said: str, where: InTree, told: Sequence[Finding] = ()) -> Iterator[Finding]:
    """Each error of the function in `said`, but those `told` already, and those of policies, once."""
    known = {_words(finding) for finding in told}
    for line in dict.fromkeys(said.splitlines()):
        if not line.startswith(SAID) or f"({POLICY_KIND} " in line or f" {POLICY_KIND} " in line.partition(": ")[2]:
            continue
        finding = _read(line.removeprefix(SAID), where)
        if _words(finding) not in known:
            yield finding


def _words(finding: Finding) -> tuple[str, str, int, str]:
    """What makes two findings one, whatever file the object was read from."""
    return finding.resource.name if finding.resource else "", finding.group, finding.line, finding.message


def _read(text: str, where: InTree) -> Finding:
    found = _PLACE.search(text)
    resource = _resource(found, where) if found else None
    if found is None or resource is None:
        return Finding(ERROR, text, rule=RULE)
    return Finding(
        ERROR,
        found["message"],
        rule=RULE,
        resource=resource,
        field=found["field"] or "",
        group=found["group"] or "",
        line=int(found["line"] or 0),
    )


def _resource(found: re.Match[str], where: InTree) -> Resource | None:
    """The object of the tree that is meant; of several, the outermost that holds the line that is spoken of."""
    group, line = found["group"], int(found["line"] or 0)
    named = [
        manifest.resource
        for file in dict.fromkeys(where.tree.files())
        for manifest in where.manifests(file)
        if manifest.resource.kind == found["kind"] and manifest.resource.name == found["name"]
    ]
    if group is None:
        # A component that is missing is missing in the kustomization, and not where the object stands.
        missing = where.tree.kustomizations if "add components/" in found["message"] else []
        return Resource(named[-1].value, shown(missing[0][0])) if named and missing else next(reversed(named), None)
    named += _generated(found["name"], where)
    quoted = re.match(r'"([^"]+)"', found["message"])
    holding = [one for one in named if _line(one, group, line) is not None]
    exact = [one for one in holding if quoted and quoted[1] in (_line(one, group, line) or "")]
    return next(iter([*exact, *holding]), None)


def _generated(name: str, where: InTree) -> Iterator[Resource]:
    """The ConfigMaps `name` that generators make of files, one for each file."""
    for file, content in where.tree.kustomizations:
        for one in where.tree.generated(file, content):
            if one.name == name:
                text = one.path.read_text(encoding="utf-8", errors="replace")
                metadata = {"name": name}
                yield Resource({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {one.key: text}})


def _line(resource: Resource, group: str, line: int) -> str | None:
    data = resource.value.get("data")
    text = data.get(group) if isinstance(data, dict) else None
    lines = text.splitlines() if isinstance(text, str) else None
    return None if lines is None or line > len(lines) else lines[line - 1] if line else ""
