"""One YAML document or list item: its text, what it says, and edits that keep the text.

The real parser (py-yaml12, YAML 1.2) reads every item, so that what an item says is never guessed
from its text; `block` edits lines, and the outcome is parsed again and compared. Where the text is
not in plain block style the edit is made by ruamel.yaml, which keeps comments and flow style too.
"""

from __future__ import annotations

from yaml12 import parse_yaml

from .block import Block, Uncertain
from .inject import edited
from .resource import PREFIX, Resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .inject import Edits

ITEM = "- "
"""What stands before the first key of an item of a ResourceList; a document of its own has nothing."""

DEEPEST = 100
"""Levels of nesting; Kubernetes objects have some twenty, and parsers' stacks end somewhere past 1,000."""


class InvalidInput(ValueError):  # noqa: N818 - named after its concept
    """A text that is no valid input; the message goes on after its name, as in "is no valid YAML"."""


class InvalidResource(InvalidInput):
    """A resource that must not be read or edited; the message is a line of its own and names it."""


class NotPlain(Exception):  # noqa: N818 - a state, not a fault: the caller takes the plain way
    """The text holds anchors or breaks across items, and must be read whole by `plain`."""


class Document:
    """A resource and the text that it was read from, which starts with `root`."""

    __slots__ = ("_block", "resource", "root", "text")

    def __init__(self, text: str, root: str) -> None:
        """Parse `text`; raises NotPlain where it is not one whole mapping, InvalidInput where it is doubtful."""
        self.text = text
        self.root = root
        self.resource = Resource(_load(text, root))
        self._block: Block | None = None
        # Not only what takes part: of two equal keys the parser keeps one, which may hide the other's
        # annotation. An escape could hide the prefix from a search of the text.
        if PREFIX in text or ("\\" in text and takes_part(self.resource)):
            _check_metadata(self.resource)
            self._block = check_keys(text, root, self.resource.value)

    def edit(self, edits: Edits) -> str:
        """The text with `edits` made and every other value as it was."""
        wanted = edited(self.resource.value, edits)
        try:
            text = (self._block or Block(self.text, self.root)).edit(edits)
            if _same(_load(text, self.root), wanted):
                return text
        except (Uncertain, NotPlain):
            pass
        from . import roundtrip

        text = roundtrip.edit(self.text, edits, self.root, self.resource.title)
        if not _same(_load(text, self.root), wanted):
            raise InvalidResource(
                f"{self.resource.title}: cannot be edited without changing something else; write it in block style"
            )
        return text


def takes_part(resource: Resource) -> bool:
    """Whether a label or annotation of ours stands on it."""
    return any(str(key).startswith(PREFIX) for key in (*resource.labels, *resource.annotations))


def may_hold_anchor(text: str) -> bool:
    """Whether an anchor (`&name`) could stand in `text`; block scalars and quotes make it say so too often.

    An anchor begins a node: before it stand indentation, an indicator or a tag (YAML 1.2.2, 6.9), and
    not a word, as before the `&&` of a script.
    """
    at = text.find("&")
    while at != -1:
        before = text[text.rfind("\n", 0, at) + 1 : at].rstrip(" \t")
        if not before or before[-1] in ":-?,[{" or "!" in before:
            return True
        at = text.find("&", at + 1)
    return False


def _load(text: str, root: str) -> dict[str, Any]:
    if may_hold_anchor(text):
        # Only now: aliases can be made to expand without end, and py-yaml12 expands them.
        from .plain import holds_anchor

        if holds_anchor(text):
            raise NotPlain("anchors")
    try:
        value: Any = parse_yaml(text)
    except ValueError as fault:
        raise NotPlain(str(fault)) from None
    if root:
        if not isinstance(value, list) or len(value) != 1:
            raise NotPlain("not one item")
        value = value[0]
    if not isinstance(value, dict):
        raise NotPlain("not a mapping")
    return value


def _same(one: Any, other: Any) -> bool:
    # repr() for .nan, which equals nothing, itself included.
    return bool(one == other) or repr(one) == repr(other)


def _check_metadata(resource: Resource) -> None:
    """Raise InvalidResource where labels or annotations, being no mapping, would read as absent."""
    metadata = resource.value.get("metadata")
    places = {"metadata": metadata}
    if isinstance(metadata, dict):
        places |= {f"metadata.{key}": metadata.get(key) for key in ("labels", "annotations")}
    for path, found in places.items():
        if found is not None and not isinstance(found, dict):
            raise InvalidResource(f"{resource.title}: {path} must be a mapping, without a tag")


def _check_depth(value: dict[str, Any], title: str) -> None:
    """Raise InvalidResource where `value` nests so deeply that walking it could exhaust the stack."""
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise InvalidResource(f"{title}: nests deeper than {DEEPEST} levels")


def check_keys(text: str, root: str, value: dict[str, Any]) -> Block | None:
    """Raise InvalidResource where a key of a resource that takes part stands twice, or is a merge key.

    Parsers differ in which of two equal keys they keep, and a reviewer may read the other one. Returns
    the block that `text` was found to be, if it is one.
    """
    title = Resource(value).title
    _check_depth(value, title)
    block = None
    try:
        block = Block(text, root)
        if block.shows(value):
            return block
    except Uncertain:
        pass
    from . import roundtrip

    roundtrip.check_keys(text, root, title)
    return block
