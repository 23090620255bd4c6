"""The KRM function: a ResourceList in, a ResourceList out (functions specification v1).

On a fault the resources come out as they came in, so that a tool that overlooks the exit code
neither empties anything nor opens it: base/ as it stands admits nothing and the API server
refuses it.
"""

from __future__ import annotations

from ..injection.inject import plan
from ..manifest.findings import ERROR, INFO, WARNING, Finding, bounded, has_errors, ordered
from ..yamltext import InvalidInput, InvalidResource, resource_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from ..injection import Plan
    from ..yamltext.document import Document
    from ..yamltext.resource_list import ResourceList

    Input = TypeVar("Input")


def process(data: bytes) -> tuple[str, list[Finding], int]:
    """What to print on stdout, what to say, and the exit code, for the ResourceList in `data`.

    Raises InvalidInput where `data` is none; there is nothing to print then.
    """
    parts = named("the input", lambda: resource_list.read(resource_list.decode(data)))
    outcome = plan([item.resource for item in parts.items if not isinstance(item, str)], parts.function_config)
    findings = ordered(outcome.findings)
    if has_errors(findings):
        unchanged = [item if isinstance(item, str) else item.text for item in parts.items]
        return _render(parts, unchanged, findings), findings, 1
    return _render(parts, carried_out(parts.items, outcome), findings), findings, 0


def named(what: str, reader: Callable[[], Input]) -> Input:
    """What `reader` returns; its InvalidInput begins with `what`, unless it names a resource already."""
    try:
        return reader()
    except InvalidResource:
        raise
    except InvalidInput as fault:
        raise InvalidInput(f"{what} {fault}") from None


def carried_out(items: Iterable[Document | str], outcome: Plan) -> list[str]:
    """The texts of `items` with `outcome`, a plan without errors for the documents among them, carried out."""
    texts = []
    index = -1
    for item in items:
        if isinstance(item, str):
            texts.append(item)
            continue
        index += 1
        if index in outcome.removed:
            continue
        edits = outcome.edits.get(index)
        texts.append(item.edit(edits) if edits else item.text)
        texts += [item.edit(further) for further in outcome.copies.get(index, ())]
    return texts


def _render(parts: ResourceList, items: list[str], findings: list[Finding]) -> str:
    return resource_list.write(parts, items, _results(findings))


def _results(findings: list[Finding]) -> str:
    """The `results` of the functions specification, in YAML."""
    if not findings:
        return ""
    lines = ["results:"]
    for finding in bounded(findings):
        lines.append(f"- message: {_quoted(finding.place + finding.message)}")
        lines.append(f"  severity: {finding.severity}")
        resource = finding.resource
        if resource is not None and resource.name:
            lines.append("  resourceRef:")
            lines.append(f"    apiVersion: {_quoted(str(resource.value.get('apiVersion', '')))}")
            lines.append(f"    kind: {_quoted(resource.kind)}")
            lines.append(f"    name: {_quoted(resource.name)}")
            if resource.namespace:
                lines.append(f"    namespace: {_quoted(resource.namespace)}")
        if finding.field or finding.group:
            lines.append("  field:")
            lines.append(f"    path: {_quoted(finding.field or 'data.' + finding.group)}")
        if resource is not None and resource.origin:
            lines.append("  file:")
            lines.append(f"    path: {_quoted(resource.origin)}")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """`text` as a double-quoted YAML scalar; what is not ASCII as escapes that every YAML reader knows."""
    parts = []
    for char in text.replace("\\", "\\\\").replace('"', '\\"'):
        code = ord(char)
        parts.append(char if 32 <= code < 127 else f"\\U{code:08X}")
    return '"' + "".join(parts) + '"'


def _is_accepted(finding: Finding, lines: dict[tuple[int, str], list[str]]) -> bool:
    """Whether the comment of its line accepts a warning; `lines` keeps those of each group."""
    resource, group = finding.resource, finding.group
    if finding.severity != WARNING or resource is None or not finding.line:
        return False
    key = id(resource), group
    if key not in lines:
        text = resource.value.get("data", {}).get(group)
        lines[key] = text.split("\n") if isinstance(text, str) and "allow" in text else []
    if not lines[key]:
        return False
    from ..lists import fields

    return fields.accepts(lines[key][finding.line - 1].partition("#")[2], finding.rule)


def spoken(findings: list[Finding]) -> list[str]:
    """The lines for stderr: every error and warning, and one line that counts the remarks."""
    known: dict[tuple[int, str], list[str]] = {}
    told = [finding for finding in findings if not _is_accepted(finding, known)]
    lines = [f"egress-overlays: {finding}" for finding in bounded(told) if finding.severity != INFO]
    if any(finding.severity == ERROR and finding.resource for finding in findings):
        lines.append("egress-overlays: info: `egress-overlays verify DIR` names the file and the line of each of these")
    remarks = sum(finding.severity == INFO for finding in findings)
    if remarks:
        from ..manifest.quantities import many

        said = many(remarks, "name is", "names are")
        lines.append(
            f"egress-overlays: info: {said} repeated or covered by a wildcard and left out; "
            "`egress-overlays list` shows which"
        )
    return lines
