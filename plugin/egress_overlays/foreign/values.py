"""YAML and JSON as values that know where they stand, so that each note points at its own line."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any, Self

import yaml

from ..yamltext import InvalidInput
from ..yamltext.anystyle import nodes
from .found import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAG = "tag:yaml.org,2002:"


class Text(str):
    """A text at `place`; the lines of a block scalar start one line below that."""

    __slots__ = ("is_block", "place")

    is_block: bool
    place: Place

    def __new__(cls, text: str, place: Place, *, is_block: bool = False) -> Self:  # noqa: D102 - as of str
        self = super().__new__(cls, text)
        self.place = place
        self.is_block = is_block
        return self


class Expression(Text):
    """What only a tool of its own can work out, as its source: a call of `function` with `parts`, or a reference."""

    __slots__ = ("function", "parts")

    function: str
    parts: list[Any]

    def __new__(cls, text: str, place: Place, function: str, parts: list[Any]) -> Self:  # noqa: D102 - as of str
        self = super().__new__(cls, text, place)
        self.function = function
        self.parts = parts
        return self


class Map(dict[str, Any]):
    """A mapping that starts at `place`, and the places of its `keys_at`."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.keys_at: dict[str, Place] = {}

    def at(self, key: str) -> Place:
        """Where `key` stands, or else the mapping."""
        return self.keys_at.get(key, self.place)


def place_of(value: Any, otherwise: Place) -> Place:
    """Where `value` stands, `otherwise` where it does not know."""
    return value.place if isinstance(value, (Text, Map)) else otherwise


def documents(text: str, file: str, start: int = 0) -> list[Any]:
    """The documents of `text`, which begins after line `start` of `file`; raises InvalidInput, with line and column."""
    if text.lstrip()[:1] in ("{", "["):
        text = text.replace("\t", " ")  # white space in JSON, a fault to YAML
    # Everything that is made here stays: looking for garbage among it would take as long again.
    collects = gc.isenabled()
    gc.disable()
    try:
        return [_Reader(file, start).value(node) for node in nodes(text)]
    finally:
        if collects:
            gc.enable()


class _Reader:
    """Makes values of nodes; what an alias stands for is one value."""

    def __init__(self, file: str, start: int) -> None:
        self._file = file
        self._start = start
        self._known: dict[int, Any] = {}

    def _place(self, node: yaml.Node) -> Place:
        mark = node.start_mark
        return Place(self._file, self._start + mark.line + 1, mark.column + 1)

    def value(self, node: yaml.Node) -> Any:
        """What `node` says."""
        if id(node) not in self._known:
            self._known[id(node)] = self._made(node)
        return self._known[id(node)]

    def _made(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child) for child in node.value]
        if isinstance(node, yaml.MappingNode):
            return self._map(node)
        return self._scalar(node)

    def _map(self, node: yaml.MappingNode) -> Map:
        made = Map(self._place(node))
        merged: dict[str, Any] = {}
        for key, child in node.value:
            place = self._place(key)
            if not isinstance(key, yaml.ScalarNode):
                raise InvalidInput(f"has a key that is a list or a mapping at line {place.line}, column {place.column}")
            if key.tag == _TAG + "merge":
                for one in [child] if isinstance(child, yaml.MappingNode) else child.value:
                    value = self.value(one)
                    merged |= value if isinstance(value, dict) else {}
                continue
            if key.value in made:
                at = f"line {place.line}, column {place.column}"
                raise InvalidInput(f"has the key {key.value!a} twice in one mapping at {at}; keep one of the two")
            made[key.value] = self.value(child)
            made.keys_at[key.value] = place
        for key, value in merged.items():
            made.setdefault(key, value)
        return made

    def _scalar(self, node: yaml.Node) -> Any:
        kind = node.tag.removeprefix(_TAG)
        if kind == "null":
            return None
        if kind == "int" and node.value.lstrip("-").isdecimal():
            return int(node.value)
        if kind == "bool" and node.value.lower() in ("true", "false"):
            return node.value.lower() == "true"
        text = node.value if kind != node.tag else f"{node.tag} {node.value}"  # !Ref Name: no value yet
        return Text(text, self._place(node), is_block=getattr(node, "style", None) in ("|", ">"))


def walk(value: Any) -> Iterator[Text]:
    """Every text in `value`, but for what kubectl keeps in annotations and what a ConfigMap holds."""
    pending = [value]
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        if isinstance(one, Text):
            yield one
        elif isinstance(one, (dict, list)) and id(one) not in seen:
            seen.add(id(one))
            if isinstance(one, dict):
                skipped = {"annotations"} | ({"data"} if one.get("kind") == "ConfigMap" else set())
                pending += [child for key, child in one.items() if key not in skipped]
            else:
                pending += one


def texts(value: Any) -> list[Text]:
    """The texts in a list; a text alone is a list of one; of anything else nothing."""
    found = [value] if isinstance(value, Text) else value
    return [one for one in found if isinstance(one, Text)] if isinstance(found, list) else []


def mappings(value: Any) -> list[Map]:
    """The mappings in a list; a mapping alone is a list of one; of anything else nothing."""
    found = [value] if isinstance(value, Map) else value
    return [one for one in found if isinstance(one, Map)] if isinstance(found, list) else []


def mapping(value: Any, *keys: str) -> Map:
    """The mapping under `keys`, one below the other; empty where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, Map) else Map(Place(""))


def text(value: Any, key: str) -> str:
    """The text under `key`; a number is its digits; empty where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
