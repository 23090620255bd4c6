"""The text of a ResourceList, taken apart and put together.

The fast way takes the layout in which kyaml writes it: items as a block sequence at column 0, so
that each begins with `- ` at the start of a line. A quoted string may hold such a line as well, so
every part is parsed by itself, or shown by `bystanders` to need no parsing: where the parts are one
whole mapping each, the cuts were right. Everything else goes through `plain` first, and then the
same way.
"""

from __future__ import annotations

from yaml12 import parse_yaml

from ..manifest.resource import Resource
from . import InvalidInput, NotPlain
from .document import ITEM, Document, check_keys, check_plain
from .untouched import is_bystander

_ITEMS = "\nitems:\n"
_SECTIONS = ("\nfunctionConfig:", "\nresults:")
_KEYS = {"apiVersion", "kind", "items", "functionConfig", "results"}
KIND = "ResourceList"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ResourceList:
    """`items` in order, `function_config` if there is one, and the texts around them.

    An item that takes no part is a text. `head` stands before the items, `tail` (the functionConfig)
    after them.
    """

    __slots__ = ("function_config", "head", "items", "tail")

    def __init__(self, head: str, items: list[Document | str], tail: str, function_config: Resource | None) -> None:
        self.head = head
        self.items = items
        self.tail = tail
        self.function_config = function_config


def decode(data: bytes) -> str:
    """`data` as text with plain line ends and without a byte order mark; raises InvalidInput."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise InvalidInput(f"is not UTF-8 (byte {fault.start}); save it as UTF-8") from None
    if "\0" in text:
        # py-yaml12 takes it for the end; what comes after would leave unread.
        raise InvalidInput("holds a NUL character, which YAML forbids")
    # YAML reads CRLF as a line feed everywhere, in block scalars too (YAML 1.2.2, 5.4).
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def read(text: str) -> ResourceList:
    """The ResourceList in `text`; raises InvalidInput."""
    if not text.isascii():
        from . import strict

        strict.check_raw_breaks(text)
    try:
        return _read_fast(text)
    except NotPlain:
        return _read_plain(text)


def _read_fast(text: str) -> ResourceList:
    if "\r" in text or "\n---" in text or "\n..." in text or text[:1] in "-%":
        raise NotPlain("several documents, directives or odd line ends")
    head, found, rest = text.partition(_ITEMS)
    if not found or rest[:2] != ITEM:
        raise NotPlain("no items in block style at column 0")
    ends = [at for at in (rest.find(section) for section in _SECTIONS) if at != -1]
    end = min(ends, default=len(rest))
    # One line end and no more: blank lines may belong to a text that keeps them (`|+`).
    body, tail = rest[:end].removesuffix("\n"), rest[end + 1 :].rstrip("\n")
    around = _around(head + "\n" + tail)
    if "results" in around:
        if next(reversed(around)) != "results":
            raise NotPlain("results that other keys follow")
        # Those of an earlier run; this one writes its own.
        tail = ("\n" + tail).partition("\nresults:")[0].lstrip("\n")
    items = [_item(part) for part in body[2:].split("\n" + ITEM)]
    return ResourceList(head, items, tail, _function_config(around))


def _item(part: str) -> Document | str:
    return ITEM + part if is_bystander(part) else Document(ITEM + part, ITEM)


def _around(text: str) -> dict[str, object]:
    """The mapping in all of the text but the items."""
    check_plain(text)
    try:
        around: Any = parse_yaml(text)
    except ValueError as fault:
        raise NotPlain(str(fault)) from None
    if not isinstance(around, dict) or around.get("kind") != KIND or not around.keys() <= _KEYS:
        raise NotPlain("not a ResourceList")
    for key in _KEYS:
        if text.startswith(key + ":") + text.count(f"\n{key}:") > 1:
            raise NotPlain("a key twice")
    check_keys(text, "", around)
    return around


def _function_config(around: dict[str, object]) -> Resource | None:
    config = around.get("functionConfig")
    return Resource(config) if config else None


def _read_plain(text: str) -> ResourceList:
    from .anystyle import documents

    found = documents(text)
    if len(found) != 1:
        raise InvalidInput(f"holds {len(found)} YAML documents; a function reads one {KIND}")
    try:
        around: Any = parse_yaml(found[0])
    except ValueError as fault:
        raise InvalidInput(f"is no valid YAML: {ascii(str(fault))[1:-1]}") from None
    _check_shape(around)
    sections = _sections(found[0])
    sections.pop("results", None)
    items = sections.pop("items", "")
    head = "\n".join(sections.values())
    if not around.get("items"):
        return ResourceList(head, [], "", _function_config(around))
    try:
        return _read_fast(f"{head}\n{items}")
    except NotPlain as fault:
        raise InvalidInput(f"is no {KIND} that can be read: {ascii(str(fault))[1:-1]}") from None


def _sections(text: str) -> dict[str, str]:
    """The top-level keys of `text`, a mapping as `plain` writes it, each with its lines; keys without quotes."""
    sections: dict[str, str] = {}
    key = ""
    for line in text.split("\n"):
        if line[:1] in ("", " ", "-"):
            sections[key] += "\n" + line
        else:
            quoted, _, rest = line.partition(":")
            key = quoted.strip("\"'")
            sections[key] = f"{key}:{rest}"
    return sections


def _check_shape(around: object) -> None:
    if not isinstance(around, dict) or around.get("kind") != KIND:
        raise InvalidInput(
            f"is no {KIND} (apiVersion: config.kubernetes.io/v1); a function is started by kustomize or kpt, for "
            "work by hand see egress-overlays --help"
        )
    unknown = sorted(set(map(str, around)) - _KEYS)
    if unknown:
        raise InvalidInput(f"has the unknown key {unknown[0]!a}; a {KIND} has {', '.join(sorted(_KEYS))}")
    items = around.get("items")
    if items is not None and not isinstance(items, list):
        raise InvalidInput("has items that are no list")
    for number, item in enumerate(items or []):
        if not isinstance(item, dict):
            raise InvalidInput(f"has an item that is no mapping: items[{number}]")


def write(parts: ResourceList, items: list[str], results: str) -> str:
    """The text of a ResourceList like `parts` with other `items`, and `results` in YAML ("" for none)."""
    # Joined once: this may be megabytes.
    sections = [parts.head.strip("\n"), *(("items:", *items) if items else ("items: []",))]
    sections += (section for section in (parts.tail.strip("\n"), results) if section)
    return "\n".join([*sections, ""])
