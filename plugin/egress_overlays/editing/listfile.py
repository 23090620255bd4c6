"""Adds names to, and removes them from, a group in the text of a file, and leaves every other byte alone.

A literal block (`group: |`) is edited line by line, a double-quoted text within its quotes: no writer of YAML leaves
all of a file alone, ruamel.yaml moves comments. The outcome is read again and compared with what was meant.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from ..lists.denials import MARK
from ..lists.denials import domains as denied
from ..manifest.resource import SET_LABEL, Resource
from ..names.domain import Domain, InvalidDomain
from ..names.ports import pairs
from ..yamltext import InvalidInput, manifests

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..yamltext.manifests import Manifest

    # From the lines of a group to those it is to have: the numbers of those that stay, and new ones.
    _Change = Callable[[list[str]], list[int | str]]


class Uneditable(ValueError):  # noqa: N818 - says what is the matter with the file
    """A file that cannot be edited as asked: one line for a person, to stand after its name."""


class Line(NamedTuple):
    """A name of a group: its line in the group (from 0), the text of that line, and what it stands for, or denies."""

    number: int
    text: str
    domains: tuple[Domain, ...]

    @property
    def denied(self) -> tuple[Domain, ...]:
        """What it denies; `domains` begin with ! then, and open nothing."""
        return tuple(Domain(one[1:]) for one in self.domains if one[:1] == MARK)


def groups(data: bytes, name: str = "") -> list[tuple[Manifest, str]]:
    """The groups of the domains ConfigMaps in a file, those of the ConfigMap `name` if it is given.

    ConfigMaps with the label count, and if there is none, all: a functionConfig and a patch need no label.
    Raises Uneditable.
    """
    try:
        found = [manifest for manifest in manifests.read(data) if manifest.resource.is_domains_kind]
    except InvalidInput as fault:
        raise Uneditable(str(fault)) from None
    if name:
        found = [manifest for manifest in found if manifest.resource.name == name]
    labelled = [manifest for manifest in found if SET_LABEL in manifest.resource.labels] or found
    if not labelled:
        named = f" named {name}" if name else ""
        raise Uneditable(f"holds no domains ConfigMap{named} (kind ConfigMap, label {SET_LABEL})")
    return [
        (manifest, group)
        for manifest in labelled
        for group, text in (manifest.resource.value.get("data") or {}).items()
        if isinstance(group, str) and isinstance(text, str)
    ]


def of_text(data: bytes, name: str, labels: dict[str, Any], group: str) -> Manifest:
    """The ConfigMap `name` that a generator makes of a text file, its `group`; raises UnicodeDecodeError."""
    metadata = {"name": name, "labels": labels}
    value = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {group: data.decode("utf-8")}}
    return manifests.Manifest(Resource(value), "", 1)


def meant(text: str) -> tuple[Domain, ...]:
    """What a line of a list stands for; of one that denies, the names with ! before each. Raises InvalidDomain."""
    if not text.startswith(MARK):
        return pairs(text)
    return tuple(Domain(MARK + one) for one in denied(InvalidDomain(text, "", "")))


def lines_of(text: str) -> list[Line]:
    """The names of a group; lines that are no valid names stand for nothing."""
    found = []
    for number, line in enumerate(text.split("\n")):
        name = line.partition("#")[0].strip(" \t\r")
        if name:
            try:
                found.append(Line(number, name, meant(name)))
            except InvalidDomain:
                found.append(Line(number, name, ()))
    return found


def add(data: bytes, manifest: Manifest, group: str, name: str, comment: str = "") -> bytes:
    """`data` with a line for `name` in `group`: in order where the group is in order, else at its end."""

    def changed(lines: list[str]) -> list[int | str]:
        at = _place(lines, name)
        return [*range(at), _written(lines, name, comment), *range(at, len(lines))]

    return _edited(data, manifest, group, changed)


def add_all(data: bytes, manifest: Manifest, group: str, names: Sequence[tuple[str, str]]) -> bytes:
    """`data` with lines for all of `names`, each with its comment, at the end of `group`."""

    def changed(lines: list[str]) -> list[int | str]:
        at = max((number + 1 for number, line in enumerate(lines) if line.strip(" \t\r")), default=0)
        width = max(len(name) for name, _ in names) + 2
        new = [f"{name.ljust(width)}# {comment}" if comment else name for name, comment in names]
        return [*range(at), *new, *range(at, len(lines))]

    return _edited(data, manifest, group, changed)


def remove(data: bytes, manifest: Manifest, group: str, domains: tuple[Domain, ...]) -> bytes:
    """`data` without the lines of `group` that stand for exactly `domains`."""

    def changed(lines: list[str]) -> list[int | str]:
        gone = {line.number for line in lines_of("\n".join(lines)) if line.domains == domains}
        return [number for number in range(len(lines)) if number not in gone]

    return _edited(data, manifest, group, changed)


def again(manifest: Manifest, data: bytes, new: bytes) -> Manifest:
    """The ConfigMap of `new`, which an edit made of `data`, that `manifest` was in `data`."""
    if manifest.is_generated:
        ((group, _),) = manifest.resource.value["data"].items()
        return of_text(new, manifest.resource.name, manifest.resource.labels, group)
    places = [(found.start, found.within) for found in manifests.read(data)]
    return manifests.read(new)[places.index((manifest.start, manifest.within))]


def _place(lines: Sequence[str], name: str) -> int:
    """Where in `lines` a line for `name` belongs."""
    found = lines_of("\n".join(lines))
    names = [line.text.lower() for line in found]
    if len(names) > 1 and names == sorted(names):
        for line in found:
            if line.text.lower() > name.lower():
                at = line.number
                # Comments on lines of their own belong to the name below them.
                while at > 0 and lines[at - 1].lstrip(" \t").startswith("#"):
                    at -= 1
                return at
    return max((number + 1 for number, line in enumerate(lines) if line.strip(" \t\r")), default=0)


def _written(lines: Sequence[str], name: str, comment: str) -> str:
    """The line for `name`, its comment in the column of the other comments."""
    if not comment:
        return name
    columns = [line.index("#") for line in lines if line.split("#")[0].strip(" \t") and "#" in line]
    return name.ljust(max(max(columns, default=0), len(name) + 2)) + f"# {comment}"


def _edited(data: bytes, manifest: Manifest, group: str, changed: _Change) -> bytes:
    lines = manifest.resource.value["data"][group].split("\n")
    change = changed(lines)
    if change == list(range(len(lines))):
        return data
    text = data.decode("utf-8")
    ending = "\r" if manifest.is_generated and "\r\n" in text else ""
    new = "\n".join(lines[one] if isinstance(one, int) else one + ending for one in change)
    if manifest.is_generated:
        return new.encode("utf-8")
    key = manifest.line(("data", group))
    header = text.split("\n")[key - 1].rstrip("\r").partition(":")[2].strip()
    if header[:1] == "|" or (header[:2] == '""' and header[2:].lstrip()[:1] in ("", "#")):
        result = _in_block(text, key - 1, header, changed)
    else:
        result = _in_scalar(text, manifest, group, change, new)
    _check(result, data, manifest, group, lines_of(new))
    return result.encode("utf-8")


def _in_block(text: str, key: int, header: str, changed: _Change) -> str:
    """`text` with the block below line `key` (from 0) changed; an empty scalar becomes a block, and the other way."""
    raw = text.split("\n")
    column = _indent(raw[key])
    end = key + 1
    while header[0] == "|" and end < len(raw) and (not raw[end].strip(" \r") or _indent(raw[end]) > column):
        end += 1
    while end > key + 1 and not raw[end - 1].strip(" \r"):
        end -= 1
    if end == len(raw) and raw[end - 2].endswith("\r"):
        # The file ends without a line break, and goes on doing so.
        raw[-1] += "\r"
    body = [line.rstrip("\r") for line in raw[key + 1 : end]]
    indent = min((_indent(line) for line in body if line.strip(" ")), default=column + 2)
    written: list[str] = []
    for entry in changed([line[indent:] for line in body]):
        before = written[-1] if written else raw[key]
        new = f"{' ' * indent}{entry}{before[len(before.rstrip(chr(13))) :]}"
        written.append(raw[key + 1 + entry] if isinstance(entry, int) else new)
    if header[0] != "|":
        # |- marks a block that was an empty scalar, so that it can become one again.
        raw[key] = raw[key].replace('""', "|-", 1)
    elif not any(line.strip(" \r") for line in written) and header.startswith("|-"):
        raw[key] = raw[key].replace("|-", '""', 1)
    result = [*raw[: key + 1], *written, *raw[end:]]
    if end == len(raw):
        result[-1] = result[-1].removesuffix("\r")
    return "\n".join(result)


def _in_scalar(text: str, manifest: Manifest, group: str, change: list[int | str], new: str) -> str:
    """`text` with the quoted or plain text changed that holds `group`, in a mapping of any style."""
    import yaml

    mark = "\ufeff" if text.startswith("\ufeff") else ""
    for document in yaml.compose_all(text.removeprefix(mark), Loader=yaml.SafeLoader):
        node = _child(_child(document, "data"), group)
        lines = document.start_mark.line + 1, document.end_mark.line + 1
        if node is not None and lines[0] <= manifest.line(("data", group)) <= lines[1]:
            start, end = (place.index + len(mark) for place in (node.start_mark, node.end_mark))
            return text[:start] + _rewritten(text[start:end], node, group, change, new) + text[end:]
    raise Uneditable(f'group "{group}" cannot be edited safely; write it as a block: {group}: |')


def _rewritten(source: str, node: Any, group: str, change: list[int | str], new: str) -> str:
    """`source`, the scalar `node`, after `change`, which makes its text `new`."""
    if node.style == '"':
        from ..yamltext import quoted

        with suppress(quoted.Unclear):
            return quoted.edited(source, change, node.value.split("\n"))
        raise Uneditable(f'group "{group}" has lines that its quotes fold; write it as a block: {group}: |')
    if node.style in (None, "'") and "\n" not in source and not lines_of(new):
        return '""'
    raise Uneditable(f'group "{group}" is no block of lines; write it as one: {group}: |')


def _child(node: Any, key: str) -> Any:
    pairs = node.value if node is not None and node.id == "mapping" else ()
    return next((value for name, value in pairs if name.value == key), None)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _check(text: str, data: bytes, manifest: Manifest, group: str, wanted: list[Line]) -> None:
    """Raise Uneditable where `text` does not say what was meant: `wanted` in `group`, all else as it was in `data`."""
    before = [found.resource.value for found in manifests.read(data)]
    try:
        after = [found.resource.value for found in manifests.read(text.encode("utf-8"))]
        for old, new in zip(before, after, strict=True):
            if old == manifest.resource.value:
                got = new["data"].pop(group)
                old["data"].pop(group)
                if [line.text for line in lines_of(got)] != [line.text for line in wanted]:
                    raise ValueError(group)
            if old != new:
                raise ValueError(group)
    except (ValueError, KeyError, AttributeError):
        raise Uneditable(f'group "{group}" cannot be edited safely; write it as a block: {group}: |') from None
