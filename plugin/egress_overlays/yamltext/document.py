"""One YAML document or list item: its text, what it says, and edits that keep the text.

The real parser (py-yaml12, YAML 1.2) reads every item, so that what an item says is never guessed
from its text; `block` edits lines, and the outcome is parsed again and compared. Where the text is
not in plain block style the edit is made by ruamel.yaml, which keeps comments and flow style too.
"""

from __future__ import annotations

from yaml12 import parse_yaml

from ..manifest.resource import PREFIX, Resource
from . import DEEPEST, ODD_BREAKS, InvalidResource, NotPlain
from .block import Block, Uncertain
from .flowstyle import is_plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..manifest.edits import Edits

ITEM = "- "
"""What stands before the first key of an item of a ResourceList; a document of its own has nothing."""


class Document:
    """A resource and the text that it was read from, which starts with `root`."""

    __slots__ = ("_block", "_proven", "resource", "root", "text")

    def __init__(self, text: str, root: str) -> None:
        """Parse `text`; raises NotPlain where it is not one whole mapping, InvalidInput where it is doubtful."""
        self.text = text
        self.root = root
        self.resource = Resource(_load(text, root))
        self._block: Block | None = None
        self._proven: set[tuple[object, ...]] = set()
        if not text.isascii() or "\\" in text or ("!" in text and may_begin(text, "!")):
            from . import strict

            if "!" in text:
                strict.check_tags(text, self.resource.title)
            strict.check_breaks(self.resource)
        # Not only what takes part: of two equal keys the parser keeps one, which may hide the other's
        # annotation.
        if PREFIX in text or ("\\" in text and _spells_prefix(text)):
            check_metadata(self.resource)
            self._block = check_keys(text, root, self.resource.value)

    def shows_every_key(self) -> bool:
        """Whether no key of the text stands twice, as far as its lines show; of two the parser keeps one."""
        if self._block is not None:
            return True
        try:
            return Block(self.text, self.root).shows(self.resource.value)
        except Uncertain:
            return False

    def edit(self, edits: Edits) -> str:
        """The text with `edits` made and every other value as it was.

        Copies of one resource differ in quoted text alone: what the parser said of the first holds for all.
        """
        form = _form(edits)
        if form in self._proven and self._block is not None:
            return self._block.edit(edits)
        once = _once(edits)
        try:
            block = self._block or Block(self.text, self.root)
            text = block.edit(once)
            if _same(_load(text, self.root), self.resource.edited(once)):
                if form:
                    self._proven.add(form)
                return text if once is edits else block.edit(edits)
        except (Uncertain, NotPlain):
            pass
        from . import roundtrip

        text = roundtrip.edit(self.text, edits, self.root, self.resource.title)
        if not _same(_load(text, self.root), self.resource.edited(edits)):
            raise InvalidResource(
                f"{self.resource.title}: cannot be edited without changing something else; write it in block style"
            )
        return text


def _once(edits: Edits) -> Edits:
    """`edits` in which what stands in several places is whole in the first alone: one text is read once."""
    seen: set[int] = set()
    once: Edits = {}
    repeated = False
    for path, new in edits.items():
        if isinstance(new, (list, dict)):
            known = id(new) in seen
            once[path] = new if not known else new[:1] if isinstance(new, list) else {}
            seen.add(id(new))
            repeated = repeated or known
        else:
            once[path] = new
    return once if repeated else edits


def _form(edits: Edits) -> tuple[object, ...]:
    """What decides the lines that `block` writes for `edits`, if all else is text that quotes hold as it is; or ()."""
    parts: list[object] = []
    for path, new in edits.items():
        is_names = isinstance(new, list) and not (new and isinstance(new[0], dict))
        if isinstance(new, dict):
            form: object = _form(new)
        else:
            text = "".join(new) if is_names else str(new) if type(new) is int else new
            form = type(new) if new is None or (text and isinstance(text, str) and is_plain(text)) else ()
        if form == ():
            return ()
        parts += (path, form)
    return tuple(parts)


def _spells_prefix(text: str) -> bool:
    """Whether a key of ours could stand in `text` behind escapes of double-quoted scalars (YAML 1.2.2, 5.7)."""
    if not any(escape in text for escape in ("\\x", "\\u", "\\U", "\\/", "\\\n")):
        return False
    from .escapes import unescaped

    return PREFIX in unescaped(text)


def check_plain(text: str) -> None:
    """Raise NotPlain where `text` is not to be read by py-yaml12 as it stands.

    Kustomize reads YAML 1.1, where a line also ends at U+0085, U+2028 and U+2029, and drops U+FEFF at its start:
    keys could hide behind those. Aliases and keys that are collections can be made to expand without end.
    """
    if not text.isascii() and any(char in text for char in ODD_BREAKS):
        raise NotPlain("line ends of YAML 1.1")
    if may_begin(text, "&") or may_begin(text, "?"):
        from .anystyle import is_simple

        if not is_simple(text):
            raise NotPlain("anchors, or keys that are no text")


def may_begin(text: str, indicator: str) -> bool:
    """Whether `indicator` could begin a node in `text`, as the `&` of an anchor and the `?` of a key do.

    Block scalars and quotes make it say so too often. Before a node stand indentation, another indicator or a tag
    (YAML 1.2.2, 6.9), and not a word, as before the `&&` of a script. The time goes by the length of `text`.
    """
    tagged = False  # whether a tag may stand before it on the same line
    start = 0
    at = text.find(indicator)
    while at != -1:
        line = text.rfind("\n", start, at) + 1
        tagged = "!" in text[line or start : at] or (tagged and not line)
        before = at
        while text[before - 1 : before] in (" ", "\t"):
            before -= 1
        if tagged or text[before - 1 : before] in ("", *":-?,[{\n\r"):
            return True
        start = at
        at = text.find(indicator, at + 1)
    return False


def _load(text: str, root: str) -> dict[str, Any]:
    check_plain(text)
    try:
        # With the line end that was cut off: a block scalar at the end may keep it.
        value: Any = parse_yaml(text if text.endswith("\n") and not root else text + "\n")
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


def check_metadata(resource: Resource) -> None:
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
        if text.lstrip()[:1] == "{":
            from .json_keys import shows

            if shows(text, value):
                return None
    from . import roundtrip

    roundtrip.check_keys(text, root, title)
    return block
