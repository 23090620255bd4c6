"""The arguments of `import` taken apart: files, directories and stdin into texts, and YAML into documents."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..yamltext import InvalidInput
from ..yamltext.resource_list import decode
from . import trees
from .found import Place
from .values import Expression, Map, Text, documents, mapping, mappings, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

STDIN = "-"
_YAML = (".yaml", ".yml", ".json")
_LISTS = (".txt", ".list", ".lst")
_LARGEST = 64 << 20
_FIREWALL = re.compile(r"networkfirewall|firewall(?:_policy|Polic|s@)|variable|locals|tfvars", re.IGNORECASE)
_TEMPLATE = re.compile(r"\{\{|\$\{[^}\n]*\}")


class Unreadable(ValueError):  # noqa: N818 - says what is the matter with the input
    """Arguments that cannot be read: one line a fault, each with its file."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))


class File:
    """A text named `name`, whose first line is the one after `start` of that file; `key` is its name without folders.

    It may be a key of a ConfigMap, `within` the object. One that an argument names itself is `asked_for`. What another
    file refers to by name has been `taken`, and is no list of its own.
    """

    def __init__(self, name: str, text: str, *, asked_for: bool = True) -> None:
        self.name = name
        self.text = text
        self.key = name.rpartition("/")[2]
        self.start = 0
        self.within: Map | None = None
        self.asked_for = asked_for
        self.taken = False

    @property
    def lines(self) -> list[str]:
        """The lines, without line ends."""
        return self.text.split("\n")

    def place(self, number: int = 0, column: int = 0) -> Place:
        """Line `number` of the text; the file alone without one."""
        return Place(self.name, self.start + number if number else self.start, column)

    @property
    def stem(self) -> str:
        """The name without folder and suffix."""
        return self.key.partition(".")[0] or "imported"


class Source(File):
    """A file of bytes, as a program has it at hand."""

    def __init__(self, file: str, data: bytes) -> None:
        """Read `data`; raises InvalidInput where that is no text."""
        super().__init__(file, decode(data))


class Item(NamedTuple):
    """One YAML document, or item of a List: its `value`, and the `file` that it stands in."""

    value: Map
    file: File

    @property
    def place(self) -> Place:
        """Where it begins."""
        return self.value.place

    @property
    def kind(self) -> str:
        """Its kind, empty where it has none."""
        return str(self.value.get("kind") or "")

    @property
    def name(self) -> str:
        """The name of the object."""
        return str(mapping(self.value, "metadata").get("name") or "")

    @property
    def namespace(self) -> str:
        """The namespace of the object, empty where it says none."""
        return str(mapping(self.value, "metadata").get("namespace") or "")

    @property
    def group(self) -> str:
        """The API group."""
        return str(self.value.get("apiVersion") or "").rpartition("/")[0]

    @property
    def spec(self) -> Map:
        """What it wants."""
        return mapping(self.value, "spec")

    @property
    def title(self) -> str:
        """Its kind and name."""
        return f"{self.kind} {self.name}"


class Input:
    """All arguments together: the `files` that are no YAML, and the `items` of those that are."""

    def __init__(self, files: Iterable[File]) -> None:
        self.files: list[File] = []
        self.items: list[Item] = []
        self.faults: list[str] = []
        self.missing = ""
        for file in files:
            self._sort(file)
        if self.missing:
            self.faults.append(self.missing)

    def _sort(self, file: File) -> None:
        language = trees.language(file.key, file.text)
        if language:
            self._tree(file, language)
            return
        if not _looks_like_yaml(file):
            self.files.append(file)
            return
        try:
            values = documents(file.text, file.name, file.start)
        except InvalidInput as fault:
            if not _is_named_yaml(file):
                self.files.append(file)
            elif file.asked_for or "kind:" in file.text:
                self.faults.append(f"{file.name}: {_template(file.text) or fault}")
            return
        maps = [value for value in values if isinstance(value, Map)]
        if not maps or (len(maps) == 1 and not _is_named_yaml(file) and _is_bare(maps[0])):
            self.files.append(file)
        for value in maps:
            self._object(value, file)

    def _tree(self, file: File, language: str) -> None:
        """A file in HCL or Bicep; one of a directory that has no list anyway is not worth a parser that is missing."""
        if not file.asked_for and not _FIREWALL.search(file.text):
            return
        try:
            self.items.append(Item(trees.tree(file.text, file.name, language), file))
        except InvalidInput as fault:
            self.faults.append(f"{file.name}: {fault}")
        except trees.Missing as fault:
            words = f"{file.name}: {'Terraform' if language == 'hcl' else 'Bicep'} needs a parser: {fault}"
            self.missing = self.missing or words

    def _object(self, value: Map, file: File) -> None:
        items = value.get("items")
        if str(value.get("kind") or "").endswith("List") and isinstance(items, list):
            for one in mappings(items):
                self._object(one, file)
            return
        item = Item(value, file)
        self.items.append(item)
        if item.kind == "ConfigMap":
            self._keys(item)

    def _keys(self, item: Item) -> None:
        """The keys of a ConfigMap, each a file of its own."""
        for key, text in mapping(item.value, "data").items():
            if isinstance(text, Text):
                found = File(item.file.name, text, asked_for=False)
                found.key, found.within = key, item.value
                found.start = text.place.line - (0 if text.is_block else 1)
                if key.endswith(_YAML):
                    self._sort(found)
                else:
                    self.files.append(found)

    def take(self, name: str, beside: File) -> File | None:
        """The file that `beside` calls `name`, by its last part: of its own ConfigMap first, else of the arguments."""
        key = name.rpartition("/")[2]
        same = [one for one in self.files if one.key == key and one is not beside]
        found = next((one for one in same if one.within is beside.within and beside.within), None)
        found = found or next((one for one in same if one.within is None), None)
        if found is not None:
            found.taken = True
        return found


def gather(arguments: Iterable[str], stdin: BinaryIO | None = None) -> Input:
    """What `arguments` (files, directories, `-`) hold; raises Unreadable with all faults."""
    files: list[File] = []
    faults: list[str] = []
    for argument in arguments:
        for path, asked_for in _paths(argument):
            name = "stdin" if path == STDIN else path
            try:
                data = stdin.read() if path == STDIN and stdin else Path(path).read_bytes()
                files.append(File(name, decode(data), asked_for=asked_for))
            except OSError as fault:
                faults.append(f"{name}: cannot be read: {fault.strerror}")
            except InvalidInput as fault:
                if asked_for:
                    faults.append(f"{name}: {fault}")
    found = Input(files)
    faults += found.faults
    if faults:
        raise Unreadable(faults)
    return found


def _paths(argument: str) -> Iterator[tuple[str, bool]]:
    """The file `argument`, or those below it; not what is hidden there, and nothing of a size that no list has."""
    path = Path(argument)
    if argument == STDIN or not path.is_dir():
        yield argument, True
        return
    for found in sorted(path.rglob("*")):
        inside = found.relative_to(path).parts
        if found.is_file() and not any(part[0] == "." for part in inside) and found.stat().st_size < _LARGEST:
            yield str(found), False


def templates(item: Item) -> list[tuple[Place, str]]:
    """What in `item` is still to be filled in by Helm, envsubst or Flux: where, and what stands there."""
    return [(one.place, found[0]) for one in walk(item.value) for found in [_found(item, one)] if found]


def _found(item: Item, text: Text) -> re.Match[str] | None:
    """A template in `text`, which is not Terraform's own."""
    is_own = isinstance(text, Expression) or item.file.key.endswith((".tf.json", *trees.HCL, *trees.BICEP))
    return None if is_own or "resource" in item.value else _TEMPLATE.search(text)


def of_template(written: str) -> str:
    """What to do about a text that is still a template."""
    how = "helm template" if written.startswith("{{") else "envsubst, flux build or kustomize build"
    return f"holds the template {written}; render it first ({how}), and import the outcome"


def _template(text: str) -> str:
    """What is to be said of YAML that cannot be read for being a template; empty where it is none."""
    found = _TEMPLATE.search(text)
    if found is None:
        return ""
    line = text.count("\n", 0, found.start()) + 1
    column = found.start() - text.rfind("\n", 0, found.start())
    end = text.find("}}", found.start())
    written = found[0] if found[0] != "{{" else text[found.start() : end + 2 if end != -1 else found.start() + 40]
    return f"{of_template(written.partition(chr(10))[0])} (line {line}, column {column})"


def _is_named_yaml(file: File) -> bool:
    """Whether there can be no doubt that a file is meant to be YAML."""
    return file.key.endswith(_YAML) or re.search(r"^(apiVersion|kind):", file.text, re.MULTILINE) is not None


def _looks_like_yaml(file: File) -> bool:
    start = file.text.lstrip()[:1]
    return (
        _is_named_yaml(file)
        or start in ("{", "[")
        or re.search(r"^\w[\w.-]*:(\s|$)", file.text, re.MULTILINE) is not None
    )


def _is_bare(value: Any) -> bool:
    """Whether a mapping could be a text that only looks like one: every value is missing."""
    return isinstance(value, dict) and all(one is None for one in value.values())


def may_be_list(file: File) -> bool:
    """Whether a file that no other format takes is read as a list of names."""
    if file.taken or file.within is not None:
        return False
    return file.asked_for or file.key.endswith(_LISTS)
