"""`egress-policy.yaml`: rules of one's own for lists, as a file that is a list of them, or an EgressPolicy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..lists import policies
from ..lists.governance import RULE, Lines, Rule, judged
from ..lists.rules import ASKING, SCOPE, rule_of
from ..manifest.findings import ERROR, Finding
from ..manifest.resource import API_VERSION, DEFAULTS, POLICY_KIND, Resource
from ..names.risks import CLASSES
from ..rendered.locations import Location
from ..review.governing import refused, refused_by, reported_at
from ..review.verification import Reported
from ..yamltext import InvalidInput
from .console import text_of

if TYPE_CHECKING:
    from datetime import date

    from ..rendered.rendered import Rendered
    from .console import Console

FILE = "egress-policy.yaml"
_TEXTS = {"anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_CLASS = {"enum": list(CLASSES)}
_FIELD = {"enum": list(DEFAULTS)}
KEYS: dict[str, dict[str, Any]] = {
    "for": {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": dict.fromkeys(SCOPE, _TEXTS),
        "description": "Which lines it is for: globs of set, group and list (the ConfigMap's name), and name, what a "
        "line opens some of; without it, all.",
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
    "approved": {
        **_TEXTS,
        "description": "Globs of tickets: a line with such a ticket= keeps to the rule; alone, each line has one.",
    },
    "optional": {"const": True, "description": "It may be for no line, as where it is for lists of other overlays."},
    "why": {"type": "string", "minLength": 1, "description": "The reason, for whoever breaks it."},
}


class Governance:
    """The policies that hold for the directories of one run, and which of their rules were for no line of any."""

    def __init__(self, console: Console, today: date) -> None:
        self._console = console
        self._today = today
        self._rules: dict[Path, list[Rule]] = {}
        self._unmatched: dict[str, bool] = {}

    def judge(self, path: str, found: Rendered) -> list[Reported]:
        """What policies say of `found`, which `path` holds: its own, and the files on the way to a directory.

        Files stand beside it and above it, up to the working directory.
        """
        objects = {Path(found.where.of(policy).file) for policy in found.policies}
        reported = [one for policy in found.policies for one in self._of_object(policy, found)]
        if found.said:
            reported += refused(found, reported)
        for file in _files(path):
            if file not in objects:
                if file not in self._rules:
                    self._rules[file] = _read(file, self._console)
                reported += self._of_rules(self._rules[file], found)
        return sorted(reported, key=lambda one: one.location)

    def _of_object(self, policy: Resource, found: Rendered) -> list[Reported]:
        rules, faults = policies.read(policy)
        if faults:
            return [Reported(one, found.where.of(policy, policies.steps(one.field))) for one in faults]
        if found.said:
            return refused_by(policy, rules, found)
        for number, rule in enumerate(rules):
            rule.place = str(found.where.of(policy, ("rules", number)))
        return self._of_rules(rules, found)

    def _of_rules(self, rules: list[Rule], found: Rendered) -> list[Reported]:
        reported = []
        lines = Lines(found.sets.values())
        for rule in rules:
            broken, matched = judged(rule, lines, self._today)
            is_fine = matched or rule.optional
            self._unmatched[rule.place] = self._unmatched.get(rule.place, True) and not is_fine
            reported += [reported_at(one, found) for one in broken]
        return reported

    def unmatched(self) -> list[Reported]:
        """The rules that were for no line of the run."""
        places = [place.rpartition(":") for place, is_so in self._unmatched.items() if is_so]
        return [
            Reported(Finding(ERROR, policies.FOR_NO_LINE, rule=RULE), Location(file, int(line)))
            for file, _, line in places
        ]


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
    rules, faults = read(text_of(file), str(file))
    console.refuse(faults)
    return rules


def read(text: str, file: str) -> tuple[list[Rule], list[str]]:
    """The rules of `text`, which stands in `file`, and every fault in it."""
    from ..foreign.values import Map, documents  # few runs have such a file

    try:
        found = documents(text, file)
    except InvalidInput as fault:
        return [], [f"{file}: {fault}"]
    rules: list[Rule] = []
    faults: list[str] = []
    if found and all(isinstance(one, Map) and one.keys() & {"apiVersion", "kind", "rules"} for one in found):
        for one in found:
            faults += [f"{one.place}: {fault.message}" for fault in policies.about_object(Resource(one))]
            _items(one.get("rules"), str(one.at("rules")), rules, faults)
    else:
        _items(found[0] if len(found) == 1 else None, file, rules, faults)
    return rules, faults


def _items(items: Any, place: str, rules: list[Rule], faults: list[str]) -> None:
    """Put what the list `items` holds into `rules`, and what is wrong with it into `faults`."""
    from ..foreign.values import Map

    if not isinstance(items, list) or not items:
        faults.append(f"{place}: holds no list of rules; write items such as - {{wildcards: never}}")
        return
    for number, item in enumerate(items, 1):
        here = str(item.place) if isinstance(item, Map) else place

        def say(key: str, words: str, *_meant: str, item: Any = item, number: int = number) -> None:
            where = item.at(key) if isinstance(item, Map) else f"{place}: item {number}"
            faults.append(f"{where}: {words}" if isinstance(item, Map) else f"{where} {words}")

        rules.append(rule_of(item, here, say))


def json_schema() -> dict[str, Any]:
    """The schema of the file, for editors: a list of rules, or an EgressPolicy."""
    asks = [{"required": [key]} for key in ASKING]
    item = {"type": "object", "additionalProperties": False, "properties": KEYS, "anyOf": asks}
    rules = {"type": "array", "minItems": 1, "items": item}
    whole = {"apiVersion": {"const": API_VERSION}, "kind": {"const": POLICY_KIND}, "metadata": {"type": "object"}}
    policy = {
        "type": "object",
        "required": [*whole, "rules"],
        "additionalProperties": False,
        "properties": {**whole, "rules": rules},
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Rules of one's own for egress lists",
        "oneOf": [rules, policy],
    }
