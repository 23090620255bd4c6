"""A file to import, and what a format says of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from yaml12 import parse_yaml

from ..yamltext import InvalidInput
from ..yamltext.anystyle import documents
from ..yamltext.resource_list import decode


class Carried(NamedTuple):
    """A name to take over: `name` as our lists write it (`.name` for both), its `group`, where it stood."""

    name: str
    group: str
    line: int = 0
    comment: str = ""


class Note(NamedTuple):
    """Something that is not taken over exactly, and why."""

    file: str
    line: int
    words: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.words}"


class Source:
    """The `text` of `file`, and its YAML `documents` if it is YAML that holds mappings, else none."""

    def __init__(self, file: str, data: bytes) -> None:
        """Read `data`; raises InvalidInput where that is no text."""
        self.file = file
        self.text = decode(data)
        self.lines = self.text.split("\n")
        self.documents: list[dict[str, Any]] = []
        try:
            for text in documents(self.text):
                value: Any = parse_yaml(text)
                if not isinstance(value, dict):
                    raise InvalidInput("holds no mapping")
                items = value.get("items") if str(value.get("kind", "")).endswith("List") else None
                self.documents += [item for item in items if isinstance(item, dict)] if items else [value]
        except (InvalidInput, ValueError):
            self.documents = []

    def line_of(self, text: str, after: int = 0) -> int:
        """The first line, from 1, after `after`, that holds `text` as a word of its own; 0 where none does."""
        for number, line in enumerate(self.lines[after:], after + 1):
            at = line.find(text)
            while at != -1:
                around = line[at - 1 : at] if at else "", line[at + len(text) : at + len(text) + 1]
                if not any(char and (char.isalnum() or char in "-_.*") for char in around):
                    return number
                at = line.find(text, at + 1)
        return 0

    def note(self, words: str, line: int = 0) -> Note:
        """A note about this file."""
        return Note(self.file, line, words)

    @property
    def stem(self) -> str:
        """The file's name without directory and suffix."""
        return self.file.rpartition("/")[2].partition(".")[0] or "imported"


def group_name(text: str) -> str:
    """`text` as a key of a ConfigMap."""
    cleaned = "".join(char if char.isascii() and (char.isalnum() or char in "-_.") else "-" for char in text)
    return cleaned.strip("-.") or "imported"


def texts(value: Any) -> list[str]:
    """The strings in a list, or nothing."""
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def mappings(value: Any) -> list[dict[str, Any]]:
    """The mappings in a list, or nothing."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
