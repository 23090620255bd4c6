"""Manifests as people keep them: YAML streams, `kubectl get -o yaml` lists, ResourceLists; each with its line."""

from __future__ import annotations

from ..manifest.resource import Resource
from . import InvalidInput, InvalidResource, NotPlain, strict
from .block import Block, Uncertain
from .canonical import is_canonical
from .document import Document, check_metadata
from .resource_list import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..manifest.edits import Path


_MOST_KNOWN = 1000


class Manifest:
    """One object of a text: `resource`, the text that it was read from, and the line where that starts (from 1).

    `within` leads to the object in its document, which is the document itself but for the items of a List.
    """

    __slots__ = ("_groups", "_lines", "resource", "start", "text", "within")

    def __init__(self, resource: Resource, text: str, start: int, within: Path = ()) -> None:
        self.resource = resource
        self.text = text
        self.start = start
        self.within = within
        self._lines: dict[Path, int] = {}
        self._groups: dict[str, tuple[int, bool]] = {}

    @property
    def is_generated(self) -> bool:
        """Whether a generator makes it of a text file, so that no text of YAML holds it."""
        return not self.text

    def line(self, path: Path = ()) -> int:
        """The line, from 1, of what stands at `path` of the object, or of the nearest thing above it."""
        path = (*self.within, *path)
        if not path:
            return self.start
        found = self._lines = self._lines or _lines(self.text)
        while path and path not in found:
            path = path[:-1]
        return self.start + found.get(path, 0)

    def group_line(self, group: str, number: int) -> int:
        """The line of line `number` (from 1) of a group; the line of its key where the text is no literal block."""
        if group not in self._groups:
            key = self.line(("data", group))
            header = self.text.split("\n")[key - self.start].partition(":")[2].lstrip()
            self._groups[group] = key, header.startswith("|")
        key, literal = self._groups[group]
        return key + number if literal else key


def read(data: bytes, origin: str = "", known: dict[str, dict[str, Any]] | None = None) -> list[Manifest]:
    """The objects in `data`, whose file is `origin`; raises InvalidInput, which names the line where it can.

    `known` holds what the first documents of earlier calls say, by their text: what many overlays build to alike is
    read once, and nobody may change it.
    """
    text = decode(data)
    strict.check_characters(text)
    found: list[Manifest] = []
    here = set[str]()
    for start, part in _parts(text):
        # Of two alike in one text each is an object of its own.
        if known is not None and part in known and part not in here:
            found.append(Manifest(Resource(known[part], origin), part, start))
        else:
            own, is_plain = [], is_canonical(part)
            for document in _documents(part, start):
                if not is_plain or not document.shows_every_key():
                    document.resource = _as_applied(part, start, document)
                    is_plain = False
                own += _objects(document, start, origin)
            if known is not None and len(known) < _MOST_KNOWN and is_plain and len(own) == 1 and own[0].text == part:
                known[part] = own[0].resource.value
            found += own
        here.add(part)
    return found


def _parts(text: str) -> list[tuple[int, str]]:
    """The documents of `text`, each with its first line, cut as kubectl cuts them: at a line that starts with `---`.

    What else that line holds kubectl drops, or takes for a part of the document before: it is refused.
    """
    if "\n---" not in text and text[:3] != "---":
        return [(1, text)]
    parts = []
    start, lines = 1, list[str]()
    for number, line in enumerate(text.split("\n"), 1):
        if line[:3] == "---":
            rest = line[3:].strip(" \t")
            if rest and not (rest[0] == "#" and line[3] in " \t"):
                raise InvalidInput(
                    f"has {ascii(rest)[1:-1][:40]!r} behind --- (line {number}), which kubectl loses; "
                    "begin the document in the next line"
                )
            parts.append((start, "\n".join([*lines, ""])))
            start, lines = number, [""]
        else:
            lines.append(line)
    parts.append((start, "\n".join(lines)))
    return parts


def _as_applied(part: str, start: int, document: Document) -> Resource:
    """`document` as the API server reads it; raises InvalidInput where that is not merely another kind of scalar."""
    from . import cluster

    try:
        # kubectl takes a stream for JSON by how it begins.
        value = cluster.read_json(part) if start == 1 and part.lstrip()[:1] == "{" else cluster.read(part)
        place = cluster.difference(document.resource.value, value)
    except InvalidInput as fault:
        raise InvalidInput(f"{document.resource.title}: {fault}{_counted(start)}") from None
    if place and any(one.group in strict.JUDGED for one in _resources(document.resource)):
        for one in _resources(document.resource):
            strict.check_numbers(part, one)
        raise InvalidResource(
            f"{document.resource.title}: {place} is one value to the API server (YAML 1.1) and another one to others; "
            "put it into quotes, or write true, false, or a decimal number"
        )
    return Resource(value)


def _resources(resource: Resource) -> list[Resource]:
    items = resource.value.get("items")
    return [resource, *(Resource(item) for item in (items if isinstance(items, list) else []))]


def _counted(start: int) -> str:
    return f" (counted from line {start})" if start > 1 else ""


def _documents(part: str, start: int) -> list[Document]:
    if all(line.lstrip(" ")[:1] in ("", "#") for line in part.split("\n")):
        return []
    try:
        if "\n..." in part:  # py-yaml12 would read the first document alone
            raise NotPlain("several documents")
        return [Document(part, "")]
    except NotPlain:
        from .anystyle import documents

        try:
            found = documents(part)
            if len(found) > 1:
                raise InvalidInput(f"holds several documents without a line --- between them (line {start})")
            return [Document(text, "") for text in found]
        except NotPlain:
            raise InvalidInput(f"holds a document that is no Kubernetes object (line {start})") from None
        except InvalidInput as fault:
            where = f" (counted from line {start})" if start > 1 else ""
            raise InvalidInput(f"{fault}{where}") from None


def _objects(document: Document, start: int, origin: str) -> list[Manifest]:
    value = document.resource.value
    items = value.get("items", document)
    if items is not document:
        # kubectl applies the items of whatever has some, and not the object itself.
        if not document.resource.kind.endswith("List") or not isinstance(items, list):
            raise InvalidResource(f"{document.resource.title}: has items, which a List alone has (line {start})")
        return [_item(item, document, start, origin, index) for index, item in enumerate(items)]
    if not document.resource.kind or not _is_version(value):
        raise _no_object(start)
    strict.check_numbers(document.text, document.resource)
    return [Manifest(Resource(value, origin), document.text, start)]


def _given(document: Resource, item: dict[str, Any]) -> dict[str, str]:
    """What an item of a list of one kind may leave out, both or none, as the API server does."""
    kind = document.kind.removesuffix("List")
    # A List, and a ResourceList too, holds objects of every kind.
    if kind in ("", "Resource") or item.get("kind") or item.get("apiVersion"):
        return {}
    return {"apiVersion": document.value.get("apiVersion", ""), "kind": kind}


def _item(item: object, document: Document, start: int, origin: str, index: int) -> Manifest:
    """One item of a list, held to what a document of its own would be."""
    value = {**item, **_given(document.resource, item)} if isinstance(item, dict) else {"kind": None}
    found = Manifest(Resource(value, origin), document.text, start, ("items", index))
    if not found.resource.kind or not _is_version(value):
        raise _no_object(found.line())
    if "items" in value:
        raise InvalidResource(f"{found.resource.title}: is a list in a list (line {found.line()}); take it out")
    strict.check_numbers(document.text, found.resource)
    check_metadata(Resource(value))  # without its file, which the message has already
    return found


def _is_version(value: dict[str, Any]) -> bool:
    """Whether it has an apiVersion, which has one slash at most."""
    return "apiVersion" in value and str(value["apiVersion"]).count("/") < 2


def _no_object(line: int) -> InvalidInput:
    return InvalidInput(f"holds a document that is no Kubernetes object: kind or apiVersion is missing (line {line})")


def _lines(text: str) -> dict[Path, int]:
    """The line, from 0, of every key and list item of `text` by path."""
    try:
        return Block(text).starts()
    except Uncertain:
        from .anystyle import lines

        return lines(text)
