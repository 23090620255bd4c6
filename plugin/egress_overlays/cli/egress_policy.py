"""`egress-policy.yaml`: rules of one's own for lists, read. What is no key or value is a fault, never passed over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..foreign.values import Map, Text, documents
from ..lists.clients import InvalidClient
from ..lists.clients import parse as parse_client
from ..manifest.findings import ERROR, Finding
from ..manifest.nearness import nearest, wanted
from ..manifest.resource import DEFAULTS
from ..names import parse
from ..names.domain import InvalidDomain, ascii_quoted
from ..names.risks import CLASSES
from ..rendered.locations import Location
from ..review.governance import RULE, Rule, governed
from ..review.verification import Reported
from ..yamltext import InvalidInput
from .console import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from ..rendered.rendered import Rendered
    from .console import Console

FILE = "egress-policy.yaml"
SCOPE = {"set": "sets", "group": "groups", "list": "lists"}
_TEXTS = {"anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_CLASS = {"enum": list(CLASSES)}
_FIELD = {"enum": list(DEFAULTS)}
KEYS: dict[str, dict[str, Any]] = {
    "for": {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": dict.fromkeys(SCOPE, _TEXTS),
        "description": "Which lines it is for: globs of set, group and list (the ConfigMap's name); without it, all.",
    },
    "wildcards": {"enum": ["never"], "description": "No wildcard may stand there."},
    "only": {**_TEXTS, "description": "The names and wildcards that may stand there."},
    "never": {**_TEXTS, "description": "Names that no line may open."},
    "never-risks": {
        "anyOf": [_CLASS, {"type": "array", "items": _CLASS, "minItems": 1}],
        "description": "Classes of risk that no name there may have.",
    },
    "most": {"type": "integer", "minimum": 0, "description": "The most lines."},
    "clients": {**_TEXTS, "description": "The workloads that such a list may be for, as in the annotation clients."},
    "require": {
        "anyOf": [_FIELD, {"type": "array", "items": _FIELD, "minItems": 1}],
        "description": "Fields that each line has: its own, or defaults of its ConfigMap.",
    },
    "longest": {"type": "integer", "minimum": 1, "description": "The most days from today to the last one, until=."},
    "why": {"type": "string", "minLength": 1, "description": "The reason, for whoever breaks it."},
}


class Governance:
    """The policies that hold for the directories of one run, and which of their rules were for no line of any."""

    def __init__(self, console: Console, today: date) -> None:
        self._console = console
        self._today = today
        self._rules: dict[Path, list[Rule]] = {}
        self._unmatched: dict[str, Rule] = {}

    def judge(self, path: str, found: Rendered) -> list[Reported]:
        """What the policies beside the directory `path` and above it, up to the working directory, say of `found`."""
        reported = []
        for file in _files(path):
            if file not in self._rules:
                self._rules[file] = _read(file, self._console)
                self._unmatched |= {rule.place: rule for rule in self._rules[file]}
            for rule in self._rules[file]:
                broken, matched = governed(found, rule, self._today)
                reported += broken
                if matched:
                    self._unmatched.pop(rule.place, None)
        return sorted(reported, key=lambda one: one.location)

    def unmatched(self) -> list[Reported]:
        """The rules that were for no line: a misspelt name in `for`, or a rule that nobody needs."""
        words = "the rule is for no line of the lists that were verified; correct what is in for:, or remove the rule"
        places = [place.rpartition(":") for place in self._unmatched]
        return [Reported(Finding(ERROR, words, rule=RULE), Location(file, int(line))) for file, _, line in places]


def _files(path: str) -> list[Path]:
    """The policies of a directory, its own last."""
    here, directory = Path.cwd(), Path(path)
    if not directory.is_dir():
        return []
    whole = directory.resolve()
    above = [one for one in whole.parents if here in (one, *one.parents)] if here in whole.parents else []
    files = [one / FILE for one in (*reversed(above), whole) if (one / FILE).is_file()]
    return [one.relative_to(here) if here in one.parents else one for one in files]


def _read(file: Path, console: Console) -> list[Rule]:
    try:
        rules, faults = read(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as fault:
        raise Failure(f"{file}: cannot be read: {fault}") from None
    for one in faults[:-1]:
        console.fault(one)
    if faults:
        raise Failure(faults[-1])
    return rules


def read(text: str, file: str) -> tuple[list[Rule], list[str]]:
    """The rules of `text`, which stands in `file`, and every fault in it."""
    try:
        found = documents(text, file)
    except InvalidInput as fault:
        return [], [f"{file}: {fault}"]
    if len(found) != 1 or not isinstance(found[0], list) or not found[0]:
        return [], [f"{file}: holds no list of rules; write items such as - {{wildcards: never}}"]
    faults: list[str] = []
    rules = []
    for number, item in enumerate(found[0], 1):
        if isinstance(item, Map):
            rules.append(_rule(item, faults))
        else:
            faults.append(f"{file}: item {number} is no mapping; write a rule such as wildcards: never")
    return rules, faults


def _rule(item: Map, faults: list[str]) -> Rule:
    _unknown(item, KEYS, "a rule", faults)
    scope = item.get("for", Map(item.place))
    values: dict[str, Any] = {}
    if not isinstance(scope, Map) or ("for" in item and not scope):
        faults.append(
            f"{item.at('for')}: for says nothing; write set, group or list in it, as in {{group: payments-*}}"
        )
    else:
        _unknown(scope, SCOPE, "for", faults)
        values = {SCOPE[key]: tuple(_texts(scope, key, faults)) for key in SCOPE if key in scope}
    if not set(item) & (set(KEYS) - {"for", "why"}) and not any(nearest(key, KEYS) for key in item if key not in KEYS):
        faults.append(f"{item.place}: the rule asks for nothing; write one of {', '.join(_asking())}")
    if "wildcards" in item and item["wildcards"] != "never":
        faults.append(f"{item.at('wildcards')}: wildcards can be never alone; where they may stand, leave it out")
    most = _number(item, "most", 0, "how many lines may stand there", faults)
    longest = _number(item, "longest", 1, "how many days a line may have left", faults)
    require = _words(item, "require", DEFAULTS, "field of a line", faults)
    risks = _words(item, "never-risks", CLASSES, "class of risk", faults)
    why = item.get("why", "")
    if not isinstance(why, str):
        faults.append(f"{item.at('why')}: why is no text; put it in quotes")
    return Rule(
        f"{item.place.file}:{item.place.line}",
        wildcards="wildcards" not in item,
        only=tuple(_names(item, "only", faults)),
        never=tuple(_names(item, "never", faults)),
        risks=tuple(risks),
        most=most,
        clients=tuple(_clients(item, faults)),
        require=tuple(require),
        longest=longest,
        why=str(why),
        **values,
    )


def _number(item: Map, key: str, least: int, what: str, faults: list[str]) -> int:
    """The number under `key`; -1 where it is absent, or none."""
    value = item.get(key, -1)
    if key in item and (not isinstance(value, int) or isinstance(value, bool) or value < least):
        faults.append(f"{item.at(key)}: {key} is no number of {least} or more; write {what}")
        return -1
    return int(value)


def _asking() -> Sequence[str]:
    """The keys by which a rule asks for something."""
    return [key for key in KEYS if key not in ("for", "why")]


def _unknown(item: Map, known: Iterable[str], title: str, faults: list[str]) -> None:
    faults += [
        f"{item.at(key)}: {ascii_quoted(key)} is no key of {title}; {wanted(key, known)}"
        for key in item
        if key not in known
    ]


def _texts(item: Map, key: str, faults: list[str]) -> list[str]:
    if key not in item:
        return []
    value = item[key]
    found = value if isinstance(value, list) else [value]
    if not found or not all(isinstance(one, Text) and one.strip() for one in found):
        faults.append(f"{item.at(key)}: {key} is no text and no list of texts; put each in quotes")
        return []
    return [str(one) for one in found]


def _words(item: Map, key: str, known: Iterable[str], title: str, faults: list[str]) -> list[str]:
    """The texts under `key`, each one of `known`."""
    found = _texts(item, key, faults)
    faults += [
        f"{item.at(key)}: {ascii_quoted(name)} is no {title}; {wanted(name, known)}"
        for name in found
        if name not in known
    ]
    return found


def _names(item: Map, key: str, faults: list[str]) -> list[Any]:
    names: list[Any] = []
    for text in _texts(item, key, faults):
        try:
            names += parse(text)
        except InvalidDomain as fault:
            faults.append(f"{item.at(key)}: {key}: {fault}")
    return names


def _clients(item: Map, faults: list[str]) -> list[Any]:
    clients: list[Any] = []
    for text in _texts(item, "clients", faults):
        try:
            clients.append(parse_client(text))
        except InvalidClient as fault:
            faults.append(f"{item.at('clients')}: clients: {fault}")
    return clients


def json_schema() -> dict[str, Any]:
    """The schema of the file, for editors."""
    asks = [{"required": [key]} for key in _asking()]
    item = {"type": "object", "additionalProperties": False, "properties": KEYS, "anyOf": asks}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Rules of one's own for egress lists",
        "type": "array",
        "minItems": 1,
        "items": item,
    }
