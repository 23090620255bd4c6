"""One document as kubectl and the API server read it: YAML 1.1 by Go's yaml.v2, then JSON.

Loaded for what is not in the plain style (see `canonical`). PyYAML's C parser cuts the text into events, since Go's is
a port of the same library; what the events stand for is decided here, by the rules of Go's.
"""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import Any

import yaml

from . import InvalidInput
from .anystyle import _LOADER, _mark, _words, nodes

_TRUE = frozenset(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"))
_FALSE = frozenset(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"))
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_NOT_JSON = frozenset(f"{sign}{word}" for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")) | {
    ".nan",
    ".NaN",
    ".NAN",
}
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_TIME = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ][0-9]{1,2}:.*)?")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LONGEST_KEY = 1_000  # characters; Go's parser ends at 1,024 octets
_TAG = "tag:yaml.org,2002:"


def read(text: str) -> Any:
    """The one document of `text`; raises InvalidInput where the API server refuses it, or might read two."""
    text += "" if text.endswith("\n") else "\n"  # which a block scalar at the end may keep
    nodes(text)  # refuses what would hurt to walk
    try:
        events: list[Any] = list(yaml.parse(text, Loader=_LOADER))
    except yaml.YAMLError as fault:
        raise InvalidInput(f"is no valid YAML: {_words(fault)}") from None
    starts = [one for one in events if isinstance(one, yaml.DocumentStartEvent)]
    if len(starts) > 1:
        raise InvalidInput("holds several documents without a line --- between them")
    reader = _Reader(text, [one for one in events if isinstance(one, yaml.NodeEvent | yaml.CollectionEndEvent)])
    return reader.value() if starts else None


def read_json(text: str) -> Any:
    """The object of a text that kubectl takes for JSON, and for YAML where it is none."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise InvalidInput("has a key twice in one mapping; keep one of the two")
        return found

    decoder = json.JSONDecoder(object_pairs_hook=once, parse_constant=_no_number, parse_float=_finite)
    text = text.lstrip()
    try:
        value, end = decoder.raw_decode(text)
    except ValueError as fault:
        if isinstance(fault, InvalidInput):
            raise
        return read(text)
    except RecursionError:
        raise InvalidInput("nests too deeply") from None
    if text[end:].strip(" \n"):
        raise InvalidInput("holds more than one JSON object")
    return value


def _finite(word: str) -> float:
    found = float(word)
    if not isfinite(found):
        raise InvalidInput(f"has the number {word[:40]}, which is larger than the API server can keep")
    return found


def _no_number(word: str) -> float:
    raise ValueError(word)


def difference(ours: Any, theirs: Any, place: str = "", *, is_last: bool = True) -> str:
    """Where two readings of one text differ in kinds of scalars, "" where they do not; raises InvalidInput else.

    `is_last`: nothing comes behind it in the text, so that it may be a block that is empty at the end.
    """
    if is_last and (ours, theirs) == ("\n", ""):
        return ""  # py-yaml12 has a line break in such a block
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = [key if isinstance(key, str) else None for key in ours]
        if set(keys) != theirs.keys():
            if len(keys) == len(theirs) and set(keys) - theirs.keys() <= {None, *_TRUE, *_FALSE}:
                return f"a key of {place or 'the object'}"
            raise InvalidInput(f"has other keys in {place or 'the object'} to the API server than to others")
        pairs = [(ours[key], theirs[key], f"{place}.{key}" if place else str(key)) for key in theirs]
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = [(one, two, f"{place}[{at}]") for at, (one, two) in enumerate(zip(ours, theirs, strict=True))]
    elif (
        isinstance(ours, (dict, list))
        or isinstance(theirs, (dict, list))
        or (isinstance(ours, str) and isinstance(theirs, str) and ours != theirs)
    ):
        raise InvalidInput(
            f"is read otherwise by the API server than by others at {ascii(place)[1:-1]}; write it plainly"
        )
    else:
        is_same = ours == theirs and isinstance(ours, bool) == isinstance(theirs, bool)
        return "" if is_same else place or "what has no key"
    found = ""
    for at, (one, two, inner) in enumerate(pairs, 1):
        found = difference(one, two, inner, is_last=is_last and at == len(pairs)) or found
    return found


class _Reader:
    """Events one after the other, and what they stand for."""

    def __init__(self, text: str, events: list[Any]) -> None:
        self._text = text
        self._events = iter(events)
        self._anchors: dict[str, Any] = {}
        self._flow = 0  # how many brackets and braces are open

    def value(self) -> Any:
        """What stands at the next event."""
        return self._of(next(self._events))

    def _of(self, event: Any) -> Any:
        found: Any
        if isinstance(event, yaml.AliasEvent):
            return self._anchors[str(event.anchor)]
        if isinstance(event, yaml.ScalarEvent):
            found = self._scalar(event)
        else:
            self._flow += bool(event.flow_style)
            if isinstance(event, yaml.MappingStartEvent):
                found = self._mapping()
            else:
                found = []
                while not isinstance(inner := next(self._events), yaml.SequenceEndEvent):
                    found.append(self._of(inner))
            self._flow -= bool(event.flow_style)
        if event.anchor:
            self._anchors[event.anchor] = found
        return found

    def _mapping(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key, at = self._key(event), _mark(event.start_mark)
            if key in found:
                raise InvalidInput(f"has the key {key!a} twice in one mapping at {at}; keep one of the two")
            value = next(self._events)
            if self._flow and isinstance(value, yaml.ScalarEvent) and not value.value and value.implicit[0]:
                raise InvalidInput(f"has the key {key!a} without a value at {at}, which Kustomize takes for a text")
            found[key] = self._of(value)
        return found

    def _key(self, event: Any) -> str:
        at = _mark(event.start_mark)
        if not isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            raise InvalidInput(f"has a key that is a list or a mapping at {at}")
        start: Any = event.start_mark
        end: Any = event.end_mark
        if end.index - start.index > _LONGEST_KEY:
            raise InvalidInput(f"has a key of more than {_LONGEST_KEY:,} characters at {at}")
        key = self._of(event)
        if key == "<<" and not getattr(event, "style", None):
            raise InvalidInput(f'has a merge key ("<<") at {at}, which is not followed here; write it out')
        if isinstance(key, bool):
            return "true" if key else "false"
        if (isinstance(key, int) and key < 1 << 63) or (
            isinstance(key, float) and key.is_integer() and abs(key) < 1_000_000
        ):
            return str(int(key))
        if not isinstance(key, str):  # null, and what Go keeps in no int
            raise InvalidInput(f"has a key that is no text at {at}; put it into quotes")
        return key

    def _scalar(self, event: Any) -> Any:
        if self._flow and not event.style and "?" in event.value:
            raise InvalidInput(f"has ? in brackets at {_mark(event.start_mark)}, which kubectl does not take; quote it")
        tag = (event.tag or "").removeprefix(_TAG)
        plain = event.implicit[0]
        if event.style == '"':
            self._check_escapes(event)
        if tag == "str" or (not tag and not plain):
            return event.value
        found = resolved(event.value)
        kind = {bool: "bool", int: "int", float: "float", type(None): "null"}.get(type(found), "str")
        if tag == "float" and kind == "int":
            found, kind = float(found), "float"
        if (tag and kind != tag) or (kind == "float" and not isfinite(found)):
            raise InvalidInput(
                f"has {ascii(event.value)[1:-1]!r} at {_mark(event.start_mark)}, which the API server does not take"
            )
        return found

    def _check_escapes(self, event: Any) -> None:
        """Raise InvalidInput where a text has an escape that Go's parser does not know."""
        source = self._text[event.start_mark.index : event.end_mark.index]
        if any(found[1] == "/" for found in _ESCAPED.finditer(source)):
            raise InvalidInput(f"has the escape \\/ at {_mark(event.start_mark)}, which kubectl does not know")


def resolved(text: str) -> Any:  # noqa: PLR0911 - a table
    """What a scalar without quotes and tag stands for to Go's yaml.v2."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if text in _NOT_JSON:
        return float("nan")
    if text[0] == ".":
        return float(text) if _FLOAT.fullmatch(text) else text
    if text[0] not in "+-0123456789" or _TIME.fullmatch(text):
        return text
    digits = text.replace("_", "")
    if _INTEGER.fullmatch(digits):
        number = _integer(digits)
        if -(1 << 63) <= number < 1 << 64:
            return number
    return float(digits) if _FLOAT.fullmatch(digits) else text


def _integer(digits: str) -> int:
    sign = -1 if digits[0] == "-" else 1
    digits = digits.lstrip("+-")
    bases = {"x": 16, "b": 2, "o": 8}
    if digits[:1] == "0" and len(digits) > 1:
        base = bases.get(digits[1].lower())
        return sign * (int(digits[2:], base) if base else int(digits, 8))
    return sign * int(digits)
