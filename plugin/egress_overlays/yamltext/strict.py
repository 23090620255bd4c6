"""What programs read differently, so that nobody may write it: line ends of YAML 1.1, tags, numbers of two values."""

from __future__ import annotations

import re

from . import InvalidInput, InvalidResource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..manifest.resource import Resource

BREAKS = {"\x85": "U+0085", "\u2028": "U+2028", "\u2029": "U+2029"}
"""Line ends of YAML 1.1: Kustomize writes them as they are, and kubectl then lost the object behind one (seen)."""

_REFUSED = "\x00-\x08\x0b-\x1f\x7f"  # YAML 1.1, 4.1, and a carriage return alone
_REFUSED_ASCII = re.compile(f"[{_REFUSED}]")
_STANDARD = ("str", "int", "float", "bool", "null", "map", "seq")
# YAML 1.1 takes them for octal or binary, or without the underscores; YAML 1.2 for decimal, or for text.
_TWO_READINGS = re.compile(r"[-+]?(?:0[0-9_]*[0-7_][0-9_]*|0b[01_]+|0o[0-7]+|[1-9][0-9]*_[0-9_]*)")
_PLAIN_NUMBER = re.compile(r"(?:^|[\s\[{])([-+]?[0-9][0-9_bo]+)(?=\s*(?:$|[\s,\]}#]))", re.MULTILINE)
JUDGED = ("networking.istio.io", "networking.k8s.io", "telemetry.istio.io")


def check_breaks(resource: Resource) -> None:
    """Raise InvalidResource where a key or value of `resource` holds a line end of YAML 1.1, or a tag of its own."""
    level: list[Any] = [resource.value]
    while level:
        node = level.pop()
        if isinstance(node, dict):
            level += [*node.keys(), *node.values()]
        elif isinstance(node, list):
            level += node
        elif isinstance(node, str):
            for char, name in BREAKS.items():
                if char in node:
                    raise InvalidResource(
                        f"{resource.title}: holds {name}, which is a line end to kubectl and none to others; remove it"
                    )
        elif node is not None and not isinstance(node, (int, float)):
            raise InvalidResource(f"{resource.title}: has a tag, which programs read differently; remove it")


def check_characters(text: str) -> None:
    """Raise InvalidInput, with the line, where `text`, of a file, holds a character that readers differ in."""
    check_raw_breaks(text)
    refused = _REFUSED_ASCII
    if not text.isascii():
        refused = re.compile(f"[{_REFUSED}\x80-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
    if found := refused.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise InvalidInput(f"holds U+{ord(found[0]):04X} in line {line}, which kubectl does not take; remove it")


def check_raw_breaks(text: str) -> None:
    """Raise InvalidInput, with the line, where `text` holds a line end of YAML 1.1, be it in a comment."""
    for char, name in BREAKS.items():
        at = text.find(char)
        if at != -1:
            line = text.count("\n", 0, at) + 1
            raise InvalidInput(f"holds {name} in line {line}, a line end to kubectl and none to others; remove it")


def check_tags(text: str, title: str) -> None:
    """Raise InvalidResource where a node of `text` carries a tag that is not one of YAML's own (YAML 1.2.2, 10.2)."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text, Loader=loader):
            tag = getattr(event, "tag", None)
            if tag and tag.removeprefix("tag:yaml.org,2002:") not in _STANDARD and tag != "!":
                mark: Any = event.start_mark
                raise InvalidResource(
                    f"{title}: has the tag {ascii(tag)[1:-1]} (line {mark.line + 1} of it), which programs read "
                    "differently; remove it"
                )
    except yaml.YAMLError:
        return  # said where the text is read


def check_numbers(text: str, resource: Resource) -> None:
    """Raise InvalidResource where `resource`, of a kind that is judged, has a number of two readings."""
    if resource.group in JUDGED and "0" in text:
        for found in _PLAIN_NUMBER.finditer(text):
            number = found[1]
            before = text[text.rfind("\n", 0, found.start(1)) + 1 : found.start(1)]
            if (
                "#" not in before
                and _TWO_READINGS.fullmatch(number)
                and number.strip("+-0")
                and _holds(resource.value, number)
            ):
                raise InvalidResource(
                    f"{resource.title}: {number} is one number to the API server (YAML 1.1) and another one to others; "
                    "write it in decimal, without leading zeros and underscores"
                )


def _holds(value: Any, number: str) -> bool:
    """Whether `value` has this scalar outside of longer texts, as a number or as what a parser left of it."""
    readings = {number}
    digits = number.replace("_", "").lstrip("+")
    if digits.startswith("0o"):
        readings.add(str(int(digits, 8)))
    if digits.lstrip("-").isdigit():
        readings.add(str(int(digits)))
        if set(digits.lstrip("-")) <= set("01234567"):
            readings.add(str(int(digits, 8)))
    level: list[Any] = [value]
    while level:
        node = level.pop()
        if isinstance(node, dict):
            level += node.values()
        elif isinstance(node, list):
            level += node
        elif not isinstance(node, bool) and str(node) in readings:
            return True
    return False
